/** `npm start` as people and scripts use it: the whole story, and that nothing of it stays on the machine. */
import { chmodSync, readdirSync } from 'node:fs';
import test from 'ava';
import type { StoryResult } from '../../simulator/story/step.ts';
import { KERNEL, testNeeding } from '../needs.ts';
import { endOf, footprint, goneAfter, leftOf, nodeStart, npmStart, type Started, temporaryOf } from './npmStart.ts';
import { checkResult, STORY_MS } from './storyResult.ts';

const kernelTest = testNeeding(KERNEL);
const isRoot = process.getuid?.() === 0;

const UP =
  /up: cancelRun, compliance, complianceSweep, dashboard, deadLetter, estate, forecast, health, mirrorFailover, openapi, paths, primaryWatch, reconcile, resourceChange, retry, runs, startRun on /;

/** What `npm start` leaves in its folder for temporary files; npm keeps things of its own there. */
const leftovers = (started: Pick<Started, 'temporary'>): string[] =>
  readdirSync(started.temporary).filter((name) => /hairpin/.test(name));

/** Both whole stories are told side by side: most of their time is waiting. */
let once: Started | undefined;
let staying: Started | undefined;
const begin = (): void => {
  // An ordinary user, who may not write in the checkout, where the tests are root's.
  once ??= npmStart(['--once', '--json'], isRoot ? { user: 'nobody' } : {});
  staying ??= npmStart(['--json', '--port', '7171']);
};
test.after.always(async () => {
  for (const started of [once, staying]) if (started) await endOf(started);
});

kernelTest('--once --json: every step holds, and the last line is the result', async (t) => {
  t.timeout(STORY_MS);
  begin();
  if (!once) return t.fail();
  await once.line(UP);
  const print = footprint(once);
  t.is(await once.ended, 0, once.stderr);
  t.deepEqual(leftOf(print), []);
  t.deepEqual(leftovers(once), [], 'temporary files');

  const lines = once.stdout.trimEnd().split('\n');
  const result = JSON.parse(lines.at(-1) ?? '') as StoryResult;
  t.deepEqual(
    lines.slice(0, -1).filter((line) => line !== '' && !line.startsWith('> ')),
    [],
    'npm’s header, no more',
  );
  t.regex(once.stderr, /guests: kernel \(real Linux/);
  t.regex(once.stderr, /every step held/);
  checkResult(t, result, 'kernel');
});

kernelTest('without --once it stays: Enter makes another failover, Ctrl-C ends it', async (t) => {
  t.timeout(STORY_MS);
  begin();
  if (!staying) return t.fail();
  const result = JSON.parse(await staying.line(/^\{"ok":/)) as StoryResult;
  t.true(result.ok, JSON.stringify(result.steps.filter((step) => !step.ok)));

  const { url } = /on (?<url>http:\/\/127\.0\.0\.1:\d+)/.exec(await staying.line(UP))?.groups ?? {};
  t.is((await fetch(`${url}/api/runs/${'0'.repeat(32)}`)).status, 404, 'the API answers');

  await staying.line(/Enter makes the next failover, Ctrl-C ends it/);
  staying.child.stdin?.write('\n\n');
  await staying.line(/the failover before is still on its way/);
  const told = await staying.line(/(ok {2}|FAIL) failover: on request/);
  t.regex(told, /ok {2} failover: on request/, staying.stderr);

  const print = footprint(staying);
  t.true(print.processes.length >= 12, `${print.processes.length} processes`);
  t.true(print.namespaces.size >= 10, `${print.namespaces.size} namespaces`);
  staying.ctrlC();
  const goneMs = await goneAfter(print);
  t.deepEqual(leftOf(print), []);
  t.log(`gone after ${goneMs} ms`);
  // npm ends by the signal that it got; the program under it ended by itself.
  t.true([0, 130, 'SIGINT'].includes(await staying.ended), String(await staying.ended));
  t.deepEqual(leftovers(staying), []);
  t.notRegex(staying.stderr, /Error|at file:/);
});

for (const [title, moment, end, code] of [
  ['Ctrl-C while it starts', /Run Commands take/, 'ctrlC', 0],
  ['Ctrl-C in the middle of the story', /ok {3}before: every path tried/, 'ctrlC', 0],
  ['SIGTERM in the middle of the story', /ok {3}before: every path tried/, 'SIGTERM', 0],
  ['SIGTERM in the middle of --once, which then did not hold', /ok {3}before: every path tried/, 'SIGTERM', 1],
] as const) {
  kernelTest(`${title}: nothing is left, and no word of errors`, async (t) => {
    t.timeout(STORY_MS);
    const started = nodeStart(code === 1 ? ['--once'] : []);
    t.teardown(() => endOf(started));
    await started.line(moment);
    const print = footprint(started);
    if (end === 'ctrlC') started.ctrlC();
    else started.child.kill(end);
    const goneMs = await goneAfter(print);
    t.deepEqual(leftOf(print), []);
    t.log(`${print.processes.length} processes gone after ${goneMs} ms`);
    t.is(await started.ended, code);
    t.is(started.stderr, '');
    t.notRegex(started.stdout, /FAIL|NOT SO/);
  });
}

kernelTest('SIGKILL leaves no process and no namespace, and the next start removes the files', async (t) => {
  t.timeout(STORY_MS);
  const temporary = temporaryOf();
  const killed = nodeStart([], { temporary });
  t.teardown(() => endOf(killed));
  await killed.line(/ok {3}before: every path tried/);
  const print = footprint(killed);
  t.true(print.processes.length >= 12 && print.namespaces.size >= 10);
  killed.child.kill('SIGKILL');
  const goneMs = await goneAfter(print);
  t.deepEqual(leftOf(print), []);
  t.log(`${print.processes.length} processes in ${print.namespaces.size} namespaces gone after ${goneMs} ms`);
  t.is(await killed.ended, 'SIGKILL');
  const left = leftovers({ temporary });
  t.true(left.length > 0, 'there is something to remove');

  const next = nodeStart([], { temporary });
  t.teardown(() => endOf(next));
  await next.line(UP);
  t.deepEqual(
    leftovers({ temporary }).filter((name) => left.includes(name)),
    [],
  );
  next.ctrlC();
  t.is(await next.ended, 0);
  t.deepEqual(leftovers({ temporary }), []);
});

testNeeding([...KERNEL, 'root'])('what another user’s killed run left is left alone, and no hindrance', async (t) => {
  t.timeout(STORY_MS);
  const temporary = temporaryOf();
  const killed = nodeStart([], { temporary });
  t.teardown(() => endOf(killed));
  await killed.line(UP);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const left = leftovers({ temporary });
  t.true(left.length > 0);
  // Like /tmp: everybody may write, nobody may remove what is another's.
  chmodSync(temporary, 0o1777);
  const next = nodeStart([], { temporary, user: 'nobody' });
  t.teardown(() => endOf(next));
  await next.line(UP);
  next.ctrlC();
  t.is(await next.ended, 0, next.stderr);
  t.deepEqual(leftovers({ temporary }).sort(), left.sort());
});
