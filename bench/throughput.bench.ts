/**
 * What the steered way through the VIP costs a connection once it stands: from a VM to its own VIP, out by the second NIC,
 * through the load balancer and back, beside a plain connection from the same VM to another. The same programs of this
 * machine's kernel and processor carry both, in short turns; a ratio is the median of those of each turn.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { guard, NICS, planOf, shell, until } from '../lab/guests.ts';
import { articleEstate } from '../simulator/estate/twoVms.ts';
import { startKernelLab } from '../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../simulator/guests/lab.ts';
import { type BenchRow, rowOf } from './rows.ts';
import type { Figures, ThroughputFigures } from './throughput/end.ts';

const END = fileURLToPath(new URL('throughput/end.ts', import.meta.url));
const PORT = 5201;
const ROUNDS = 41;
const SECONDS = 0.4;

const VIP = '10.0.1.102';
const ELSEWHERE = '10.0.1.103';

/**
 * The article's estate with two frontends for the measurement, whose port no mirror's instance has: by UCR's probe the
 * first leads to vm-a, by PI's, whose primary is on vm-b here, the second to vm-b.
 */
const estate = () =>
  articleEstate(({ loadBalancers: [balancer], mirrors: [, pi] }) => {
    if (!balancer || !pi) throw new Error('the article has a load balancer and two mirrors');
    pi.primary = 'vm-b';
    for (const [i, address] of [VIP, ELSEWHERE].entries()) {
      const like = balancer.rules[i];
      if (!like) throw new Error('the article has two rules');
      balancer.frontends.push({ name: address, address });
      balancer.rules.push({ ...like, name: address, frontend: address, frontendPort: PORT, backendPort: PORT });
    }
  });

/** Measures; needs what a kernel lab needs. Some two minutes. */
export async function bench(): Promise<BenchRow[]> {
  const lab = await startKernelLab({ estate: estate() });
  try {
    for (const vm of ['vm-a', 'vm-b']) {
      await shell(lab, vm, `setsid ${process.execPath} ${END} server ${PORT} >/tmp/end.log 2>&1 </dev/null &`);
      await until('the server', async () => (await shell(lab, vm, 'cat /tmp/end.log')).includes('listening'));
    }
    const planned = planOf('vm-a', [VIP]).map((frontend) => ({ ...frontend, port: PORT }));
    const { report, stderr } = await guard(lab, 'vm-a', 'apply', planned);
    assert.equal(report.paths[0]?.connectAfter.outcome, 'ok', stderr);
    assert.equal(report.paths[0]?.proof, 'self', 'what is measured came back to its own VM');
    // The two that are compared stand beside each other, whichever end a round begins at.
    const figures = await measure(lab, { steered: VIP, plain: NICS['vm-b'].backend.ip, balanced: ELSEWHERE });
    return [
      ...compare('TCP throughput of one connection', 'Gbit/s', 'gigabitPerSecond', figures),
      ...compare('messages of 64 bytes to and fro', 'a second', 'messagesPerSecond', figures),
      ...compare('connect time', 'ms', 'connectMs', figures),
    ];
  } finally {
    await lab.stop();
  }
}

async function measure(lab: GuestLab, ways: Record<Way, string>): Promise<Record<Way, ThroughputFigures[]>> {
  const words = Object.entries(ways).map(([name, address]) => `${name}=${address}`);
  const client = [process.execPath, END, 'client', String(PORT), String(SECONDS), String(ROUNDS), ...words];
  const { exitCode, stdout, stderr } = await lab.exec('vm-a', client);
  assert.equal(exitCode, 0, stderr);
  const { steered = [], plain = [], balanced = [] } = JSON.parse(stdout) as Figures;
  return { steered, plain, balanced };
}

type Way = 'steered' | 'plain' | 'balanced';

function compare(
  what: string,
  unit: string,
  kind: keyof ThroughputFigures,
  figures: Record<Way, ThroughputFigures[]>,
): BenchRow[] {
  const of = (way: Way) => figures[way].map((it) => it[kind]);
  const compared = `vm-a to its own VIP, steered, beside vm-a to vm-b; ${ROUNDS} times each in turns, ${SECONDS} s each, programs of Node on one machine`;
  const ofEach = `${compared}; the median of the ratios of each turn`;
  const against = (way: Way) =>
    of('steered').map((value, i) => {
      const other = of(way)[i] ?? Number.NaN;
      return kind === 'connectMs' ? other / value : value / other;
    });
  return [
    rowOf(`${what}: steered`, of('steered'), unit, undefined, { compared }),
    rowOf(`${what}: plain`, of('plain'), unit, undefined, { compared }),
    rowOf(`${what}: steered, as good as plain`, against('plain'), 'x', 0.95, { compared: ofEach, isFloor: true }),
    rowOf(
      `${what}: steered, as good as through the load balancer to the other VM`,
      against('balanced'),
      'x',
      undefined,
      { compared: `${ofEach}; the load balancer’s own part is in both` },
    ),
  ];
}
