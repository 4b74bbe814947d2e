import test from 'ava';
import type { ProbeTarget } from '../../../simulator/guests/layout.ts';
import {
  afterProbe,
  type BackendState,
  type ProbeResult,
  Prober,
  probeTimeoutMs,
} from '../../../simulator/guests/probes.ts';
import { until } from '../../../simulator/until.ts';

const UP = 'Up_Probe_Success';
const DOWN = 'Down_Probe_HttpStatusCodeError';

const history = (threshold: number, results: ProbeResult[]): boolean[] => {
  let state: BackendState | undefined;
  return results.map((result) => {
    state = afterProbe(state, result, threshold);
    return state.up;
  });
};

test('the first answer counts at once, a change needs the threshold in a row', (t) => {
  t.deepEqual(history(2, [UP, DOWN, UP, DOWN, DOWN, UP, UP]), [true, true, true, true, false, false, true]);
  t.deepEqual(history(1, [DOWN, UP, DOWN]), [false, true, false]);
  t.deepEqual(history(3, [DOWN, UP, UP, UP]), [false, false, false, true]);
});

test('the reason follows the newest answer that agrees with the state', (t) => {
  const down = afterProbe(undefined, DOWN, 2);
  t.is(afterProbe(down, 'Down_Probe_HttpEndpointUnreachable', 2).reason, 'Down_Probe_HttpEndpointUnreachable');
  t.is(afterProbe(down, UP, 2).reason, DOWN);
});

const target = (intervalSeconds: number): ProbeTarget => ({
  key: 'lb/p/10.0.1.10',
  protocol: 'Http',
  address: '10.0.1.10',
  port: 80,
  path: '/',
  intervalSeconds,
  threshold: 2,
});

test('an answer is waited for as long as the interval, 30 s at most', (t) => {
  t.is(probeTimeoutMs(target(5)), 5000);
  t.is(probeTimeoutMs(target(60)), 30000);
});

test('start goes on until settled, tells each change, and stop ends it', async (t) => {
  let answer: ProbeResult = DOWN;
  let probes = 0;
  let changes = 0;
  const prober = new Prober(
    [target(0.02)],
    async () => {
      if (++probes === 3) answer = UP;
      return answer;
    },
    async () => void changes++,
  );
  await prober.start(() => (prober.state('lb/p/10.0.1.10')?.up ? undefined : 'not up'), 60_000);
  t.is(probes, 3);
  t.is(changes, 1, 'the settled state is told once');
  answer = DOWN;
  await until('the target down', () => !prober.state('lb/p/10.0.1.10')?.up);
  t.is(changes, 2);
  prober.stop();
  const then = probes;
  await new Promise((resolve) => setTimeout(resolve, 80));
  t.true(probes - then <= 1);
});

test('what does not settle is told', async (t) => {
  const prober = new Prober(
    [],
    async () => UP,
    async () => {},
  );
  await t.throwsAsync(
    prober.start(() => 'UCR on vm-a is not up', 30),
    {
      message: 'waited 30 ms for the probes to settle: UCR on vm-a is not up',
    },
  );
});
