/**
 * The built app in the local host is told to end while a loop is at work, messages are hidden and a command is in a
 * guest. What runs is finished and nothing new begins; where that is not waited for, nothing is lost either.
 */
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { bellMessage, RECONCILE_QUEUE } from '../../shared/model/messages.ts';
import { isOpen, type RunRow } from '../../shared/model/rows.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import type { Host } from '../../simulator/host/host.ts';
import { until } from '../../simulator/until.ts';
import { SETTINGS } from '../helpers/world.ts';
import { breaches } from './invariants.ts';
import { type Hosts, startHosts } from './killed/hosts.ts';

/** How long a host may take to end. */
const GRACE_MS = 30_000;
/** How long the loop is at work when the host is told to end. */
const SLOW_MS = 4000;
const FUNCTIONS = ['reconcile', 'startRun', 'primaryWatch', 'complianceSweep'];

test.beforeEach((t) => t.timeout(600_000));

const runsOf = async ({ store, estate }: Hosts): Promise<RunRow[]> =>
  (await store.runs.list(estate.subscriptionId)).map(({ row }) => row);

interface Scene {
  hosts: Hosts;
  host: Host;
  /** Names of functions with the time at which each began. */
  began: [string, number][];
  /** Runs that were accepted. */
  accepted: string[];
}

/** A command in hs-a's guest, a loop that reads the estate slowly, a bell that is hidden for a while. */
async function busy(slowMs: number): Promise<Scene> {
  const hosts = await startHosts(200, 9000);
  const began: [string, number][] = [];
  const host = await hosts.start(FUNCTIONS, { onBegin: (name) => began.push([name, Date.now()]) });
  const answer = await fetch(`${host.url}/api/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ scope: vmId(hosts.estate, 'hs-a'), mode: 'apply' }),
  });
  const { runId } = (await answer.json()) as { runId: string };
  await until('a command in a guest', () => hosts.lab.runs.at(0));
  const slow = hosts.arm.fault({ match: { call: 'listVms' }, kind: { slowMs } });
  await host.runFunction('complianceSweep');
  await until('the loop at work', () => slow.hits > 0);
  const sweep = await until('the sweep', async () => (await runsOf(hosts)).find((run) => run.signal === 'sweep'));
  const bell = JSON.stringify(bellMessage(hosts.estate.subscriptionId));
  await hosts.queue(RECONCILE_QUEUE).sendMessage(bell, { visibilityTimeout: 2 });
  return { hosts, host, began, accepted: [runId, sweep.runId] };
}

/** Another host goes on, with the minute's bell. */
async function goOn({ hosts, accepted }: Scene): Promise<string[]> {
  const next = await hosts.start(FUNCTIONS);
  let found: RunRow[] = [];
  const settled = async (): Promise<boolean> => {
    found = (await runsOf(hosts)).filter((run) => accepted.includes(run.runId));
    if (found.length === accepted.length && !found.some(isOpen)) return true;
    await next.runFunction('primaryWatch');
    return false;
  };
  await until(() => `settled runs: they are ${found.map((run) => run.state)}`, settled, 300_000, 1000);
  await until('the queue to be empty', async () => {
    const { approximateMessagesCount } = await hosts.queue(RECONCILE_QUEUE).getProperties();
    return approximateMessagesCount === 0;
  });
  const { estate, lab, store } = hosts;
  const scene = { ...estate, ...lab, store, settings: SETTINGS, executions: lab.runs, now: Date.now() };
  return breaches(scene, accepted);
}

test('SIGTERM: what runs is finished, nothing new begins, the process ends in time, another goes on', async (t) => {
  const scene = await busy(SLOW_MS);
  const { hosts, host, began } = scene;
  t.teardown(() => hosts.stop());
  const inWork = began.filter(([name]) => name === 'reconcile').length;
  const ended = host.invocations.filter((invocation) => invocation.function === 'reconcile').length;
  t.true(inWork > ended, 'a loop is at work');
  t.is(hosts.lab.runs[0]?.endedAt, undefined, 'a command is in a guest');
  const told = Date.now();
  process.kill(host.pid, 'SIGTERM');
  t.true(await Promise.race([host.ended, delay(GRACE_MS, false, { ref: false })]), 'ended by itself');
  t.log(`ended ${Date.now() - told} ms after SIGTERM`);
  t.deepEqual(
    began.filter(([, at]) => at > told + 1000),
    [],
    'a function began after SIGTERM',
  );
  const loops = host.invocations.filter((invocation) => invocation.function === 'reconcile');
  t.is(loops.length, began.filter(([name]) => name === 'reconcile').length, 'every loop that began ended');
  t.true(loops.every((invocation) => invocation.ok));
  t.is(host.logs.filter((line) => line.message.includes('lease-lost')).length, 0);
  await t.throwsAsync(fetch(`${host.url}/api/runs/${scene.accepted[0]}`), undefined, 'nobody listens any more');
  const lease = await hosts.store.leases.get('lease', hosts.estate.subscriptionId);
  t.is(lease?.row.holder, '', 'the lease was given back');
  t.deepEqual(await goOn(scene), []);
});

test('a host that is not given the time to drain: nothing is lost', async (t) => {
  const scene = await busy(60_000);
  const { hosts, host } = scene;
  t.teardown(() => hosts.stop());
  await host.stop(1000);
  const lease = await hosts.store.leases.get('lease', hosts.estate.subscriptionId);
  t.not(lease?.row.holder, '', 'it was killed at work: the lease runs out');
  t.deepEqual(await goOn(scene), []);
});

for (const when of ['before', 'after'] as const) {
  test(`a message whose loop ended well, the host killed ${when} the delete: nothing is done again`, async (t) => {
    const hosts = await startHosts();
    t.teardown(() => hosts.stop());
    const rest = await hosts.start(FUNCTIONS.filter((name) => name !== 'reconcile'));
    const victim = await hosts.victim(['reconcile']);
    await victim.condemn(`${when} DELETE reconcile/messages/ID`);
    const answer = await fetch(`${rest.url}/api/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ scope: vmId(hosts.estate, 'hs-a'), mode: 'apply' }),
    });
    t.is(answer.status, 202);
    t.true(await Promise.race([victim.host.ended, delay(GRACE_MS, false, { ref: false })]), 'killed');
    const { runId } = (await answer.json()) as { runId: string };
    t.deepEqual(await goOn({ hosts, host: rest, began: [], accepted: [runId] }), []);
    t.deepEqual(
      hosts.lab.runs.map((run) => `${run.mode} ${run.vm}`),
      ['apply hs-a'],
    );
  });
}
