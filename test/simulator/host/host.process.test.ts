import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type Host, startHost } from '../../../simulator/host/host.ts';
import { until } from '../../../simulator/until.ts';
import { type Bench, buildFixture, isAlive, runsOf, startBench } from './fixture/start.ts';

let bench: Bench;
test.before(async () => {
  bench = await startBench();
});
test.afterEach.always(() => bench.killHosts());
test.after.always(() => bench?.stop());

/** Resolves when a function has written its first line. */
const begun = (host: Host, name: string) =>
  until(`${name} to begin`, () => host.logs.some((line) => line.function === name));

test.serial('only the named functions run in a host; an unknown name is refused', async (t) => {
  const host = await bench.start({ only: ['slow'] });
  t.deepEqual(host.functions, ['slow']);
  t.is((await fetch(`${host.url}/api/hello`)).status, 404);
  t.is((await fetch(`${host.url}/api/slow?ms=0`)).status, 200);
  const error = await t.throwsAsync(bench.start({ only: ['sloow'] }));
  t.regex(error?.message ?? '', /"sloow".*slow/);
  await host.stop();
});

test.serial('a disabled function does not run', async (t) => {
  const host = await bench.start({ settings: { 'AzureWebJobs.slow.Disabled': 'true' } });
  t.false(host.functions.includes('slow'));
  await host.stop();
});

test.serial('a taken port is passed over', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const host = await bench.start({ port, only: ['slow'] });
  t.true(host.port > port && host.port <= port + 50, `${port} -> ${host.port}`);
  t.is((await fetch(`${host.url}/api/slow?ms=0`)).status, 200);
  await host.stop();
  taken.close();
});

test.serial('stop lets what runs finish, takes nothing new, runs the end hooks', async (t) => {
  const queue = bench.queues.getQueueClient('work');
  await queue.createIfNotExists();
  const host = await bench.start({ only: ['slow', 'work'] });
  await queue.sendMessage(JSON.stringify({ id: 'drain', ms: 800 }));
  await begun(host, 'work');
  const answer = fetch(`${host.url}/api/slow?ms=800`).then((response) => response.text());
  await begun(host, 'slow');
  await host.stop();
  t.is(await answer, 'done');
  t.true(runsOf(host, 'work')[0]?.ok);
  t.is((await queue.getProperties()).approximateMessagesCount, 0);
  t.true(host.logs.some((line) => line.message === 'app terminates'));
  t.false(isAlive(host.pid));
  await t.throwsAsync(fetch(`${host.url}/api/slow?ms=0`));
  t.false(await host.ended);
});

test.serial('stop kills after its limit', async (t) => {
  const host = await bench.start({ only: ['slow'] });
  const answer = fetch(`${host.url}/api/slow?ms=100000000`).catch(() => 'cut');
  await begun(host, 'slow');
  await host.stop(500);
  t.is(await answer, 'cut');
});

test.serial('SIGTERM drains as stop does', async (t) => {
  const host = await bench.start({ only: ['slow'] });
  const answer = fetch(`${host.url}/api/slow?ms=600`).then((response) => response.text());
  await begun(host, 'slow');
  process.kill(host.pid, 'SIGTERM');
  t.is(await answer, 'done');
  t.true(await host.ended);
  t.true(host.logs.some((line) => line.message === 'app terminates'));
});

test.serial('the app sees its settings, and not the environment of whoever starts the host', async (t) => {
  process.env.HOST_TEST_SECRET = 'must not leak';
  const folder = await mkdtemp(join(tmpdir(), 'host-env-'));
  await writeFile(join(folder, 'package.json'), '{"main": "app.mjs"}');
  await writeFile(join(folder, 'host.json'), '{"version": "2.0"}');
  await writeFile(join(folder, 'app.mjs'), 'console.log(JSON.stringify(process.env));');
  const host = await startHost({ appFolder: folder, port: 0, settings: { MINE: 'yes' } });
  const line = await until('the line', () => host.logs.find(({ category }) => category === 'console'));
  const seen = JSON.parse(line.message);
  t.is(seen.MINE, 'yes');
  t.is(seen.HOST_TEST_SECRET, undefined);
  t.is(seen.WEBSITE_HOSTNAME, `127.0.0.1:${host.port}`);
  await host.stop();
  await rm(folder, { recursive: true });
});

const broken: [string, string, RegExp][] = [
  ['an app that throws while it loads', 'throw new Error("no good");', /no good/],
  [
    'an app that uses what is not modelled',
    `
    import { createRequire } from 'node:module';
    const { app } = createRequire(${JSON.stringify(import.meta.url)})('@azure/functions');
    app.storageBlob('onBlob', { path: 'x/{name}', connection: 'AzureWebJobsStorage', handler: () => {} });`,
    /onBlob uses blobtrigger/,
  ],
];
for (const [title, code, message] of broken) {
  test.serial(`${title} fails the start with its reason`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'host-broken-'));
    await writeFile(join(folder, 'package.json'), '{"main": "app.mjs"}');
    await writeFile(join(folder, 'host.json'), '{"version": "2.0"}');
    await writeFile(join(folder, 'app.mjs'), code);
    await t.throwsAsync(startHost({ appFolder: folder, port: 0, settings: {} }), { message });
    await rm(folder, { recursive: true });
  });
}

test.serial('a parent that is killed leaves no process: host and Azurite end', async (t) => {
  const appFolder = await buildFixture();
  const script = join(appFolder, 'parent.mjs');
  const here = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
  await writeFile(
    script,
    `import { startHost } from ${here('../../../simulator/host/host.ts')};
     import { startAzurite } from ${here('../../../simulator/storage/azurite.ts')};
     const azurite = await startAzurite();
     const host = await startHost({ appFolder: ${JSON.stringify(appFolder)}, port: 0,
       settings: { AzureWebJobsStorage: azurite.connectionString, OUT_QUEUE: 'out', TICK: '* * * * * *' } });
     console.log(JSON.stringify([azurite.pid, host.pid]));`,
  );
  const parent: ChildProcess = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  parent.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('the process ids, or the end', () => said.includes('\n') || parent.exitCode !== null);
  const pids = JSON.parse(said) as number[];
  t.true(pids.every(isAlive));
  parent.kill('SIGKILL');
  const killedAt = Date.now();
  await until('both to end', () => !pids.some(isAlive));
  t.log(`gone ${Date.now() - killedAt} ms after the parent`);
  t.false(pids.some(isAlive));
  await rm(appFolder, { recursive: true });
});

const onLinux = process.platform === 'linux' ? test.serial : test.serial.skip;
onLinux('Ctrl+C in a terminal leaves host and Azurite to their parent', async (t) => {
  const host = await bench.start({ only: ['slow'] });
  // A terminal signals the foreground process group: the parent's, which neither child is in.
  for (const pid of [host.pid, bench.azurite.pid]) {
    t.not(groupOf(pid), groupOf(process.pid));
    t.true(isAlive(pid));
  }
});

/** Process group from /proc (Linux). */
function groupOf(pid: number): string | undefined {
  return /^\d+ \(.*\) \S \d+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}
