/** Storage that does not answer: an error of the app, told in a step of its own, and never the caller's mistake. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { build } from '../../build.ts';
import { type Host, startHost } from '../../simulator/host/host.ts';
import { ask, contract } from '../helpers/contract.ts';

const check = contract();

const ID = '00000000-0000-0000-0000-000000000000';
const NOWHERE = 'http://127.0.0.1:9/devstoreaccount1';
const RUN_ID = 'a'.repeat(32);
const SIGNAL = JSON.stringify({
  v: 1,
  kind: 'signal',
  subscriptionId: ID,
  runId: RUN_ID,
  signal: 'sweep',
  scope: [{ kind: 'subscription', id: `/subscriptions/${ID}` }],
  mode: 'check',
  dryRun: false,
  observedAt: 0,
});
let appFolder: string;
let host: Host;

test.before(async () => {
  appFolder = await mkdtemp(join(tmpdir(), 'functions-outage-'));
  await build({ outFolder: appFolder });
  host = await startHost({
    appFolder,
    port: 0,
    settings: {
      AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;QueueEndpoint=${NOWHERE};TableEndpoint=${NOWHERE}`,
      HAIRPIN_SUBSCRIPTIONS: ID,
      HAIRPIN_SWEEP_SCHEDULE: '0 7 1 1 * *',
      HAIRPIN_WATCH_SCHEDULE: '30 7 1 1 * *',
    },
  });
});
test.after.always(async () => {
  await host?.kill();
  await rm(appFolder, { recursive: true, force: true });
});
test.beforeEach((t) => t.timeout(180_000));

/** Steps and levels that the app logged while something was done, but for its start. */
async function told(work: () => Promise<unknown>): Promise<[step: string, level: string, line: object][]> {
  const since = host.logs.length;
  await work();
  return host.logs
    .slice(since)
    .filter(({ category, message }) => category === 'user' && message.startsWith('{"step":'))
    .map(({ level, message }): [string, string, object] => [JSON.parse(message).step, level, JSON.parse(message)])
    .filter(([step]) => step !== 'started');
}

test.serial('a request: 500, and an error of its own', async (t) => {
  let status = 0;
  const [line, ...others] = await told(async () => {
    ({ status } = await ask(check, `${host.url}/api/runs/${RUN_ID}`));
  });
  t.is(status, 500);
  t.deepEqual(line?.slice(0, 2), ['failed-request', 'error']);
  t.like(line?.[2], { status: 500, code: 'STATE_FAILED' });
  t.deepEqual(others, []);
});

test.serial('health: 503, and a document that says what fails', async (t) => {
  const { status, text } = await ask(check, `${host.url}/api/health`);
  t.is(status, 503);
  t.like(JSON.parse(text).storage, { state: 'failed', code: 'STATE_FAILED' });
});

test.serial('a request that is not right stays the caller’s mistake: a warning', async (t) => {
  const [line] = await told(() => ask(check, `${host.url}/api/runs/last`));
  t.deepEqual(line?.slice(0, 2), ['refused-request', 'warning']);
  t.like(line?.[2], { status: 400, code: 'INPUT_INVALID', field: 'id' });
});

for (const [name, step] of [
  ['reconcile', 'failed-message'],
  ['deadLetter', 'failed-dead-letter'],
] as const) {
  test.serial(
    `a message of ${name}: thrown on, and an error with its run, not a message that cannot be read`,
    async (t) => {
      const lines = await told(async () => t.false((await host.runFunction(name, SIGNAL)).ok));
      t.deepEqual(
        lines.map((line) => line.slice(0, 2)),
        [[step, 'error']],
      );
      t.like(lines[0]?.[2], { runId: RUN_ID, subscriptionId: ID, code: 'STATE_FAILED' });
    },
  );
}
