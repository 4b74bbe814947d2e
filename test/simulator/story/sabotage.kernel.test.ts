/**
 * Negative controls: in each broken world the program must not call a path compliant that is not, and the story must
 * fail. One lab for all, reset between them; one of them goes through `npm start -- --once` itself.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import type { RunView } from '../../../shared/views/run.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { wrapLab } from '../../../simulator/guests/wrap.ts';
import { type Stack, startStack } from '../../../simulator/stack.ts';
import { liesInFailover, type Sabotage, sabotaged } from '../../../simulator/story/sabotage.ts';
import { KERNEL, missing, testNeeding } from '../../needs.ts';

const kernelTest = testNeeding(KERNEL);
const RUN_MS = 60_000;
let shared: GuestLab | undefined;

test.before(async () => {
  if (missing(KERNEL).length === 0) shared = await startKernelLab({ estate: articleEstate() });
});
test.after.always(() => shared?.stop());

/** The stack over the shared lab, which outlives it. */
async function world<T>(sabotage: Sabotage | undefined, use: (stack: Stack) => Promise<T>): Promise<T> {
  const lab = shared as GuestLab;
  await lab.reset();
  const broken = sabotage === undefined ? lab : sabotaged(lab, sabotage);
  const stack = await startStack({
    estate: articleEstate(),
    lab: async () => wrapLab(broken, { stop: async () => {} }),
    commandMs: 200,
    port: 0,
    settings: { HAIRPIN_COMMAND_SECONDS: '10', HAIRPIN_COMMAND_SLACK_SECONDS: '5', HAIRPIN_CONNECT_SECONDS: '1' },
  });
  try {
    return await use(stack);
  } finally {
    await stack.stop();
  }
}

/** `vm vip verdict proof`, and findings by code. */
const paths = (run: RunView) =>
  run.vms.flatMap((vm) =>
    vm.paths.map((path) => `${vm.vm} ${path.vip.split('.').at(-1)} ${path.verdict} ${path.proof.kind}`),
  );
const codes = (run: RunView, vm: string) => [
  ...new Set(
    run.vms
      .filter((item) => item.vm === vm)
      .flatMap((item) => [...item.findings, ...item.paths.flatMap((path) => path.findings)])
      .map((finding) => finding.code),
  ),
];

kernelTest('control of the controls: in a sound world every path with two NICs is compliant', async (t) => {
  const run = await world(undefined, (stack) => stack.sweep(RUN_MS));
  t.deepEqual(paths(run), [
    'hs-a 100 compliant self',
    'hs-a 101 compliant self',
    'hs-b 100 compliant remote',
    'hs-b 101 compliant remote',
    'hs-c 100 blocked none',
  ]);
});

kernelTest('the reply rule left out, and listed all the same: never compliant on the primary', async (t) => {
  const run = await world('no-reply-rule', (stack) =>
    stack.run({ scope: `${group}/Microsoft.Compute/virtualMachines/hs-a`, mode: 'apply' }, RUN_MS),
  );
  t.deepEqual(paths(run), ['hs-a 100 blocked none', 'hs-a 101 blocked none']);
  t.true(
    ['CONNECT_FAILED', 'GUEST_FAILED'].some((code) => codes(run, 'hs-a').includes(code)),
    codes(run, 'hs-a').join(),
  );
});

kernelTest(
  'the route left out with the primary elsewhere: the connect works, and the path is not compliant',
  async (t) => {
    const [run, connect] = await world('no-route', async (stack) => [
      await stack.run({ scope: `${group}/Microsoft.Compute/virtualMachines/hs-b`, mode: 'apply' }, RUN_MS),
      await stack.lab.connect('hs-b', { address: '10.0.1.100', port: 1972, timeoutMs: 1000 }),
    ]);
    t.is(connect.outcome, 'ok', 'a connect alone would have been believed');
    t.true(
      run.vms[0]?.paths.every((path) => path.after?.outcome === 'ok' && path.after.drift.includes('route-missing')),
    );
    t.deepEqual(
      paths(run).filter((line) => line.includes('compliant')),
      [],
    );
  },
);

kernelTest('an ILB that translates nothing: blocked with CONNECT_FAILED though the state is right', async (t) => {
  const run = await world('no-translation', (stack) =>
    stack.run({ scope: `${group}/Microsoft.Compute/virtualMachines/hs-a`, mode: 'apply' }, RUN_MS),
  );
  t.deepEqual(paths(run), ['hs-a 100 blocked none', 'hs-a 101 blocked none']);
  t.true(codes(run, 'hs-a').includes('CONNECT_FAILED'));
  t.deepEqual(run.vms[0]?.paths[0]?.after?.drift, []);
});

kernelTest('a report with a fixed marker is never believed', async (t) => {
  const run = await world('fixed-report', (stack) =>
    stack.run({ scope: `${group}/Microsoft.Compute/virtualMachines/hs-a`, mode: 'apply' }, RUN_MS),
  );
  t.is(run.vms[0]?.result, 'failed');
  t.true(codes(run, 'hs-a').includes('COMMAND_FAILED'));
  t.regex(run.vms[0]?.findings[0]?.text ?? '', /REPORT_OF_ANOTHER_RUN/);
});

kernelTest('a probe that lies: the failover is not confirmed, and the new primary is blocked', async (t) => {
  const run = await world('lying-probe', async (stack) => {
    await stack.lab.lie(liesInFailover('lying-probe', stack.estate, 'hs-a'));
    const { eventId } = await stack.failOver('patient-index', 'hs-b');
    const signal = await stack.step((step) => step.step === 'signal' && step.eventId === eventId, RUN_MS);
    return stack.ended(String(signal.runId), RUN_MS);
  });
  t.is(run.confirmation?.state, 'refused');
  t.is(run.vms.find((vm) => vm.vm === 'hs-b')?.result, 'blocked');
  t.true(codes(run, 'hs-b').includes('PRIMARY_NOT_CONFIRMED'));
});

kernelTest('npm start -- --once fails in a broken world', async (t) => {
  t.timeout(900_000);
  const { code, last } = await npmStart(['--once', '--json', '--port', '0', '--sabotage', 'no-translation']);
  t.is(code, 1);
  const result = JSON.parse(last);
  t.false(result.ok);
  t.true(result.steps.some((step: { ok: boolean; detail: string }) => !step.ok && step.detail.includes('NOT SO')));
});

const { subscriptionId, resourceGroup } = articleEstate();
const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers`;

/** Runs the program as a person does; the last line of stdout and the exit code. */
function npmStart(args: string[]): Promise<{ code: number | null; last: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../../simulator/main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, last: out.trim().split('\n').at(-1) ?? '' }));
  });
}
