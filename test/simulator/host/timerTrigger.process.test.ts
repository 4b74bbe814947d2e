import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { until } from '../../../simulator/until.ts';
import { type Bench, runsOf, seen, startBench } from './fixture/start.ts';

let bench: Bench;
let folder: string;
test.before(async () => {
  bench = await startBench();
  folder = await mkdtemp(join(tmpdir(), 'timer-state-'));
});
test.afterEach.always(() => bench.killHosts());
test.after.always(async () => {
  await bench?.stop();
  await rm(folder, { recursive: true, force: true });
});

test.serial('runs on time by a schedule from a setting, with its output', async (t) => {
  const host = await bench.start({ only: ['tick', 'copy'], settings: { TICK: '*/2 * * * * *', TICK_OUT: 'yes' } });
  const runs = await until('three runs', () => runsOf(host, 'tick').length >= 3 && runsOf(host, 'tick'));
  for (const run of runs) {
    const late = run.startedAt % 2_000;
    t.true(late < 500, `${late} ms late`);
  }
  t.is((runs[1]?.startedAt ?? 0) - (runs[0]?.startedAt ?? 0) > 1_400, true);
  t.deepEqual(seen(host, 'tick')[0], { isPastDue: false, schedule: { adjustForDST: true }, scheduleStatus: null });
  await until('the message', () => runsOf(host, 'copy').length >= 1);
  await host.stop();
});

test.serial('a run that takes longer than its interval is not overtaken', async (t) => {
  const host = await bench.start({ only: ['tick'], settings: { TICK: '* * * * * *', TICK_MS: '1500' } });
  const runs = await until('three runs', () => runsOf(host, 'tick').length >= 3 && runsOf(host, 'tick'));
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1];
    if (before) t.true(run.startedAt >= before.startedAt + before.ms - 2);
  }
  t.pass();
  await host.kill();
});

test.serial('a time that was missed is made up for at the next start, with isPastDue', async (t) => {
  const options = { only: ['tick'], settings: { TICK: '0 0 0 1 1 *' }, stateFolder: folder };
  const file = join(folder, 'tick.json');
  await writeFile(
    file,
    JSON.stringify({
      last: '2020-01-01T00:00:00.000Z',
      next: '2021-01-01T00:00:00.000Z',
      lastUpdated: '2020-01-01T00:00:00.000Z',
    }),
  );
  const host = await bench.start(options);
  const info = await until('the run', () => runsOf(host, 'tick').length === 1 && seen(host, 'tick')[0]);
  t.is(info.isPastDue, true);
  t.is((info.scheduleStatus as { next: string }).next, '2021-01-01T00:00:00.000Z');
  await until('the status', async () => JSON.parse(await readFile(file, 'utf8')).next > new Date().toISOString());
  await host.stop();
  const again = await bench.start(options);
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.is(runsOf(again, 'tick').length, 0);
  await again.stop();
});

test.serial('a schedule that is none keeps the host from starting, and is named', async (t) => {
  const error = await t.throwsAsync(bench.start({ only: ['tick'], settings: { TICK: 'daily' } }));
  t.true(error?.message.includes('"daily"'), error?.message);
});

test.serial('a run by hand waits for its end and says how it went', async (t) => {
  const host = await bench.start({ only: ['tick'] });
  const run = await host.runFunction('tick');
  t.like(run, { function: 'tick', trigger: 'manual', ok: true });
  await t.throwsAsync(host.runFunction('nope'), { message: /nope/ });
  await host.stop();
});
