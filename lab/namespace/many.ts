/** The largest plan: 64 frontends. */
import assert from 'node:assert/strict';
import { renderScript } from '../../shared/guest/render.ts';
import { parseReport } from '../../shared/guest/report.ts';
import { MAX_LINE_BYTES } from '../../shared/guest/wire.ts';
import type { PlannedFrontend } from '../../shared/model/guest.ts';
import { MAX_FRONTENDS } from '../../shared/model/guest.ts';
import { manyFrontends, vipsOf } from '../../simulator/estate/twoVms.ts';
import type { GuestLab } from '../../simulator/guests/lab.ts';
import type { LabCase } from '../case.ts';
import { commandFor, type GuardRun, guard, planOf, put, shell, snapshot } from '../guests.ts';
import { freshLab } from '../labs.ts';

const vips = vipsOf(MAX_FRONTENDS);
const largest = () => manyFrontends(MAX_FRONTENDS);

const bytesOf = ({ stdout }: GuardRun): number => {
  const bytes = Buffer.byteLength(stdout.trim().split('\n').at(-1) ?? '');
  assert(bytes < MAX_LINE_BYTES, `the report has ${bytes} bytes`);
  return bytes;
};

const tellTimes = (runs: Record<string, GuardRun>): string =>
  Object.entries(runs)
    .map(([what, run]) => `${what} ${Math.round(run.ms)} ms and ${bytesOf(run)} bytes`)
    .join(', ');

const elsewhere: LabCase['run'] = async () => {
  const lab = await freshLab(largest);
  const plan = planOf('vm-b', vips);
  const asBooted = await snapshot(lab, 'vm-b');
  const apply = await guard(lab, 'vm-b', 'apply', plan);
  assert.deepEqual([apply.exitCode, apply.report.changed], [0, 64 + 1 + 7 + 1 + 3], apply.stderr.slice(-400));
  assert(apply.report.paths.every((path) => path.after.length === 0 && path.connectAfter.outcome === 'ok'));
  const check = await guard(lab, 'vm-b', 'check', plan);
  assert(check.report.paths.every((path) => path.before.length === 0 && path.proof === 'remote'));
  const remove = await guard(lab, 'vm-b', 'remove', plan);
  assert.equal(await snapshot(lab, 'vm-b'), asBooted);
  return { ok: true, detail: `64 of 64 connect before and after; ${tellTimes({ apply, check, remove })}` };
};

const here: LabCase['run'] = async () => {
  const lab = await freshLab(largest);
  const plan = planOf('vm-a', vips);
  const apply = await guard(lab, 'vm-a', 'apply', plan);
  await lab.resetCounters();
  const check = await guard(lab, 'vm-a', 'check', plan);
  assert(check.report.paths.every((path) => path.connectBefore.outcome === 'ok'));
  const seen = (await lab.counters()).filter(({ flows, packetsFrom }) => flows > 0 && packetsFrom > 0).length;
  assert.equal(seen, 64, 'the load balancer saw a flow of each VIP');
  // Two connects of one source port to one backend port cannot be told apart, and then neither counts as proved.
  const proved = check.report.paths.filter((path) => path.proof === 'self').length;
  assert(proved >= 60, `${proved} proved`);
  return {
    ok: true,
    detail: `${proved} of 64 proved self, ${seen} seen by the load balancer; ${tellTimes({ apply, check })}`,
  };
};

/** Every path in the worst state, nothing answers, and a third address is the source of everything. */
const failing: LabCase['run'] = async () => {
  const lab = await freshLab(largest);
  await shell(
    lab,
    'vm-a',
    'ip rule add pref 1 lookup local protocol kernel; ip addr add 10.0.1.199/24 dev eth1 noprefixroute; ip route add 10.0.1.0/24 dev eth1 src 10.0.1.199 metric 1',
  );
  const plan = planOf('vm-a', vips).map((frontend) => ({ ...frontend, port: 9 }));
  const runs: Record<string, GuardRun> = {};
  for (const mode of ['check', 'apply'] as const) {
    const run = await guard(lab, 'vm-a', mode, plan);
    runs[mode] = run;
    // What Azure keeps of an output.
    const { paths } = parseReport(run.stdout.slice(-4096), commandFor(mode, plan));
    assert.deepEqual(
      paths.map((path) => path.vip),
      vips,
      'a path was lost',
    );
    assert(paths.every((path) => path.connectAfter.outcome === 'timeout'));
  }
  return { ok: true, detail: `64 of 64 failing paths told in the last 4,096 bytes; ${tellTimes(runs)}` };
};

/** A machine with the routes of a large network in main: each look reads them. */
const manyRoutes: LabCase['run'] = async () => {
  const lab = await freshLab(largest);
  const plan = planOf('vm-a', vips).map(({ vip, backends, via }) => ({ vip, backends, via }));
  await guard(lab, 'vm-a', 'apply', plan);
  const alone = await cpuOf(lab, plan);
  await shell(
    lab,
    'vm-a',
    'for i in {0..39}; do for j in {0..249}; do echo "route add 10.$((100 + i)).$j.0/24 via 10.0.1.1 dev eth0"; done; done | ip -batch -',
  );
  const among = await cpuOf(lab, plan);
  const run = await guard(lab, 'vm-a', 'check', plan);
  assert(run.report.paths.every((path) => path.before.length === 0));
  // Each VIP compared with each route took 20 times as long.
  assert(among < 8 * alone, `${among} s of CPU instead of ${alone}`);
  const cpu = `a check takes ${alone.toFixed(2)} s of CPU, among 10,000 routes ${among.toFixed(2)} s`;
  return { ok: true, detail: `64 VIPs, no connects: ${cpu}; ${tellTimes({ check: run })}` };
};

/** Seconds of CPU that a check takes, with all that it starts: the same whatever else the machine does. */
async function cpuOf(lab: GuestLab, plan: PlannedFrontend[]): Promise<number> {
  await put(lab, 'vm-a', '/tmp/check.sh', renderScript('linux', commandFor('check', plan)));
  const times = await shell(lab, 'vm-a', "TIMEFORMAT='%U %S'; { time /tmp/check.sh >/tmp/said 2>&1; } 2>&1");
  const [user = Number.NaN, system = Number.NaN] = times.trim().split(' ').map(Number);
  return user + system;
}

export const manyCases = (): LabCase[] => [
  { name: '64 VIPs, the primary elsewhere', manager: 'none', run: elsewhere },
  { name: '64 VIPs that all lead back', manager: 'none', run: here },
  { name: '64 VIPs among 10,000 routes', manager: 'none', run: manyRoutes },
  { name: '64 VIPs, and every connect fails', manager: 'none', run: failing },
];
