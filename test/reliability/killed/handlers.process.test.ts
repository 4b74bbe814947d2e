/**
 * The handlers' calls: the built app in hosts of one function each; a host is killed before and after each request that
 * it sends while a trigger is handled (output bindings, rows, the host's own deletes), and another takes its place. The
 * table of kills is made from what a calm host sends.
 * Long: one table of cases about one thing.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { POISON_QUEUE, RECONCILE_QUEUE, signalMessage } from '../../../shared/model/messages.ts';
import { acceptedRun, isOpen, type RunRow } from '../../../shared/model/rows.ts';
import { runIdOf } from '../../../shared/model/runId.ts';
import { markFailed } from '../../../shared/reconcile/deadLetter.ts';
import { resourceEvent } from '../../../simulator/arm/events.ts';
import { vmId } from '../../../simulator/estate/ids.ts';
import type { Host } from '../../../simulator/host/host.ts';
import { until } from '../../../simulator/until.ts';
import { LONG_MS } from '../../functions/app.ts';
import { SETTINGS } from '../../helpers/world.ts';
import { breaches } from '../invariants.ts';
import { type Hosts, startHosts, type Victim } from './hosts.ts';

let hosts: Hosts;
let steady: Host;
const accepted: string[] = [];

test.before(async () => {
  hosts = await startHosts();
  steady = await hosts.start(['reconcile', 'primaryWatch', 'complianceSweep', 'startRun']);
  await steady.runFunction('complianceSweep');
  await until('the first sweep', async () => (await runs()).find((run) => !isOpen(run)));
});
test.after.always(async () => hosts?.stop());
test.beforeEach((t) => t.timeout(600_000));

const runs = async (): Promise<RunRow[]> =>
  (await hosts.store.runs.list(hosts.estate.subscriptionId)).map(({ row }) => row);
const vm = (): string => vmId(hosts.estate, 'hs-a');
const signal = (runId: string) =>
  signalMessage({
    subscriptionId: hosts.estate.subscriptionId,
    runId,
    signal: 'manual',
    scope: [{ kind: 'vm', id: vm() }],
    mode: 'check',
    dryRun: false,
    observedAt: Date.now(),
  });

/** What wakes a function. Resolves to the ids of the runs that were promised. */
type Trigger = (victim: Victim) => Promise<string[]>;

/** What a host sends while it handles one trigger, without its looks for messages and health of its own. */
async function callsOf(victim: Victim, trigger: Trigger): Promise<string[]> {
  const since = victim.host.logs.length;
  await settled(await trigger(victim));
  await until('the end of the invocation', () => victim.host.invocations.length > 0);
  await delay(500);
  return sentBy(victim.host, since);
}

/** What a host has sent of its own, each once, in the order of its log from that line on. */
function sentBy({ logs }: Host, since = 0): string[] {
  const sent = logs
    .slice(since)
    .map((line) => /^wire: (.*)$/.exec(line.message)?.[1])
    .filter((name) => name !== undefined);
  return [...new Set(sent)].filter((name) => !LOOKS.test(name));
}

/** Looks of the host for messages, and for the queue: nothing is lost or done by them. */
const LOOKS = /^GET [a-z-]+(\/messages)?$/;

/** Waits for the ends of promised runs, with the minute's bell rung as the timer does. */
async function settled(runIds: string[]): Promise<void> {
  accepted.push(...runIds);
  const ended = async (): Promise<boolean> => {
    const found = (await runs()).filter((run) => runIds.includes(run.runId));
    if (found.length === runIds.length && !found.some(isOpen)) return true;
    await steady.runFunction('primaryWatch');
    return false;
  };
  await until(`the end of ${runIds}`, ended, LONG_MS, 300);
}

/** Functions that have a row. */
const tried = new Set<string>();

async function killAtEach(t: ExecutionContext, only: string, trigger: Trigger): Promise<void> {
  tried.add(only);
  const victim = await hosts.victim([only]);
  try {
    const calls = await callsOf(victim, trigger);
    t.true(calls.length > 0, 'a handler without a call');
    for (const call of calls) {
      for (const when of ['before', 'after'] as const) {
        // Some calls are made once in a process (tables are opened), and what the dead one left may be on its way here.
        if (sentBy(victim.host).length > 0) await victim.replace();
        await victim.condemn(`${when} ${call}`);
        const promised = trigger(victim);
        const died = await Promise.race([victim.host.ended, delay(LONG_MS, false, { ref: false })]);
        t.true(died, `${when} ${call}: killed`);
        await victim.replace();
        await settled(await promised);
      }
    }
    t.log(`${only}: ${calls.length * 2} kills, at ${calls.join(', ')}`);
  } finally {
    await victim.host.kill();
  }
}

test('mirrorFailover: Event Grid delivers again, and there is one run', async (t) => {
  let publish: Awaited<ReturnType<Hosts['topicTo']>> | undefined;
  const ids: string[] = [];
  await killAtEach(t, 'mirrorFailover', async ({ host }) => {
    publish ??= await hosts.topicTo(host.url, 'mirrorFailover');
    const id = randomUUID();
    await publish({ id, subject: vm(), data: { vmId: vm(), vip: '10.0.1.100' } });
    ids.push(id);
    return [await runOfEvent(id)];
  });
  await onePerEvent(t, ids);
});

test('resourceChange: the same', async (t) => {
  const { subscriptionId } = hosts.estate;
  const topic = hosts.eventGrid.systemTopic(`/subscriptions/${subscriptionId}`);
  let subscribed = false;
  const ids: string[] = [];
  await killAtEach(t, 'resourceChange', async ({ host }) => {
    const endpoint = `${host.url}/runtime/webhooks/EventGrid?functionName=resourceChange`;
    if (!subscribed) await topic.subscribe({ name: 'changes', endpoint, eventDeliverySchema: 'CloudEventSchemaV1_0' });
    subscribed = true;
    const event = resourceEvent({
      operationName: 'Microsoft.Compute/virtualMachines/write',
      resourceId: vm(),
      subscriptionId,
    });
    topic.feed(event);
    ids.push(event.id);
    return [await runOfEvent(event.id)];
  });
  await onePerEvent(t, ids);
});

const runOfEvent = (id: string): Promise<string> =>
  until(`the run of event ${id}`, async () => (await runs()).find((run) => run.event?.id === id)?.runId);

async function onePerEvent(t: ExecutionContext, ids: string[]): Promise<void> {
  const all = await runs();
  for (const id of ids) t.is(all.filter((run) => run.event?.id === id).length, 1);
}

/** The first answer of the next host, which says 503 while it starts. */
const answerOf = (ask: () => Promise<Response | undefined>): Promise<Response> =>
  until(
    'an answer of the next host',
    async () => {
      const answer = await ask();
      return answer?.status === 503 ? undefined : answer;
    },
    LONG_MS,
    200,
  );

test('startRun: a caller without an answer asks again under the same key, and there is one run', async (t) => {
  const answers: (number | undefined)[] = [];
  const promised: string[] = [];
  await killAtEach(t, 'startRun', async (victim) => {
    const key = randomUUID();
    const post = () =>
      fetch(`${victim.host.url}/api/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ scope: vm(), mode: 'check' }),
      }).catch(() => undefined);
    const first = await post();
    answers.push(first?.status);
    const answer = first ?? (await answerOf(post));
    t.is(answer.status, 202);
    const { runId } = (await answer.json()) as { runId: string };
    promised.push(runId);
    return [runId];
  });
  t.deepEqual([...new Set(answers)], [202, undefined]);
  // Nobody else asks over HTTP for a run that repeats none.
  const made = (await runs()).filter((run) => run.askedBy !== undefined && run.retryOf === undefined);
  t.deepEqual(made.map((run) => run.runId).toSorted(), promised.toSorted());
});

test('retry: the same', async (t) => {
  const failed = runIdOf('manual', randomUUID(), '');
  await markFailed(hosts.store, signal(failed), 'failed five times', Date.now());
  const answers: (number | undefined)[] = [];
  await killAtEach(t, 'retry', async ({ host }) => {
    const answer = await fetch(`${host.url}/api/runs/${failed}/retry`, { method: 'POST' }).catch(() => undefined);
    answers.push(answer?.status);
    return answer?.status === 202 ? [((await answer.json()) as { runId: string }).runId] : [];
  });
  t.deepEqual([...new Set(answers)], [202, undefined]);
});

test('cancelRun: a caller without an answer asks again, and what was answered is done', async (t) => {
  const { subscriptionId } = hosts.estate;
  const answers: (number | undefined)[] = [];
  const ids: string[] = [];
  await killAtEach(t, 'cancelRun', async (victim) => {
    const runId = runIdOf('manual', randomUUID(), '');
    ids.push(runId);
    const { v: _v, kind: _kind, ...asked } = signal(runId);
    await hosts.store.runs.put(subscriptionId, runId, acceptedRun(asked));
    const cancel = () => fetch(`${victim.host.url}/api/runs/${runId}`, { method: 'DELETE' }).catch(() => undefined);
    const first = await cancel();
    answers.push(first?.status);
    const answer = first ?? (await answerOf(cancel));
    // A loop that another signal woke may have ended it before, one way or the other.
    t.true([200, 202, 409].includes(answer.status), `${answer.status}`);
    return [runId];
  });
  t.true(answers.includes(undefined));
  for (const { row } of await hosts.store.runs.list(subscriptionId)) {
    if (ids.includes(row.runId)) t.true(row.cancel !== undefined || row.counts.looked > 0, row.runId);
  }
});

for (const name of ['complianceSweep', 'primaryWatch'] as const) {
  test(`${name}: what a killed timer left undone, the next one does`, async (t) => {
    await killAtEach(t, name, async ({ host }) => {
      const before = new Set((await runs()).map((run) => run.runId));
      const ended = await host.runFunction(name).catch(() => undefined);
      // The next hour, or the next minute.
      if (!ended) await steady.runFunction(name);
      if (name === 'primaryWatch') return [];
      return [
        await until(
          'a sweep',
          async () => (await runs()).find((run) => !before.has(run.runId) && run.signal === 'sweep')?.runId,
        ),
      ];
    });
  });
}

test('deadLetter: the run is failed with its reason, and the message is gone', async (t) => {
  const ids: string[] = [];
  await killAtEach(t, 'deadLetter', async () => {
    const runId = runIdOf('manual', randomUUID(), '');
    ids.push(runId);
    await hosts.queue(POISON_QUEUE).createIfNotExists();
    await hosts.queue(POISON_QUEUE).sendMessage(JSON.stringify(signal(runId)));
    return [runId];
  });
  const all = await runs();
  for (const id of ids) t.is(all.find((run) => run.runId === id)?.reason?.code, 'DEAD_LETTER');
  // The last ones killed left their messages hidden.
  await hosts.start(['deadLetter']);
  await empty(POISON_QUEUE);
});

const empty = (name: string): Promise<true> =>
  until(`queue ${name} to be empty`, async () => {
    const { approximateMessagesCount } = await hosts.queue(name).getProperties();
    return approximateMessagesCount === 0;
  });

/** Killed elsewhere: at the loop's calls in kills.process.test.ts, at its host’s in cleanStop.process.test.ts. */
const ELSEWHERE = new Set(['reconcile']);
const FUNCTIONS = new URL('../../../functions/', import.meta.url);
/** Nothing is left behind where nothing is written. */
const onlyReads = async (name: string): Promise<boolean> =>
  (await readFile(new URL(`${name}.ts`, FUNCTIONS), 'utf8')).includes("methods: ['GET']");

test.after('no function that acts lacks a row; nothing is open, lost or doubled', async (t) => {
  const files = (await readdir(FUNCTIONS)).filter((file) => /(?<!^index)\.ts$/.test(file));
  t.true(files.length > 15);
  for (const name of files.map((file) => file.replace(/\.ts$/, '')))
    t.true(tried.has(name) || ELSEWHERE.has(name) || (await onlyReads(name)), name);
  await empty(RECONCILE_QUEUE);
  const { estate, lab, store } = hosts;
  for (const run of (await runs()).filter(isOpen)) await settled([run.runId]);
  const scene = { ...estate, ...lab, store, settings: SETTINGS, executions: lab.runs, now: Date.now() };
  t.deepEqual(await breaches(scene, accepted), []);
});
