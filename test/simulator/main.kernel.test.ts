/** `npm start` as people and scripts use it: the whole story, and that nothing of it stays on the machine. */
import { chmodSync, readdirSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { StoryResult } from '../../simulator/story/step.ts';
import { KERNEL, testNeeding } from '../needs.ts';
import { endOf, footprint, goneAfter, leftOf, nodeStart, npmStart, type Started, temporaryOf } from './npmStart.ts';

const kernelTest = testNeeding(KERNEL);
const isRoot = process.getuid?.() === 0;

/** The whole story takes two and a half minutes on an idle machine; its own watch waits for nearly one of them. */
const STORY_MS = 480_000;
const UP = /up: complianceSweep, deadLetter, mirrorFailover, primaryWatch, reconcile, resourceChange, runs on /;
const UP_MS = 60_000;
/** Everything is gone this soon after the end. */
const GONE_MS = 2000;

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
  await once.line(UP, UP_MS);
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
  checkResult(t, result);
});

/** The documented shape, nothing more and nothing less, with numbers that can be. */
function checkResult(t: ExecutionContext, result: StoryResult): void {
  t.deepEqual(Object.keys(result).sort(), ['failover', 'functions', 'guests', 'ok', 'paths', 'steps']);
  t.true(result.ok);
  t.is(result.guests, 'kernel');
  t.deepEqual(result.functions, [
    'complianceSweep',
    'mirrorFailover',
    'primaryWatch',
    'reconcile',
    'resourceChange',
    'runs',
  ]);

  t.true(result.steps.length >= 8);
  t.is(new Set(result.steps.map((step) => step.name)).size, result.steps.length);
  for (const step of result.steps) {
    t.deepEqual(Object.keys(step).sort(), ['detail', 'ms', 'name', 'ok']);
    t.true(step.ok, `${step.name}: ${step.detail}`);
    t.true(Number.isInteger(step.ms) && step.ms > 0 && step.ms < STORY_MS, `${step.name}: ${step.ms}`);
    t.true(step.detail.length > 20 && !step.detail.includes('undefined') && !step.detail.includes('NaN'), step.detail);
  }

  const pathKeys = ['after', 'before', 'exposure', 'frontend', 'proof', 'verdict', 'vip', 'vm'];
  for (const path of result.paths) {
    t.deepEqual(Object.keys(path).sort(), pathKeys);
    for (const { outcome, ms } of [path.before, path.after]) {
      t.true(['ok', 'timeout', 'none'].includes(outcome), outcome);
      t.true(Number.isInteger(ms) && ms >= 0 && ms < 5000);
    }
  }
  const short = result.paths.map((path) => [path.vm, path.vip, path.verdict, path.proof, path.after.outcome].join(' '));
  t.deepEqual(short.sort(), [
    'hs-a 10.0.1.100 compliant self ok',
    'hs-a 10.0.1.101 compliant self ok',
    'hs-b 10.0.1.100 compliant self ok',
    'hs-b 10.0.1.101 compliant self ok',
    'hs-c 10.0.1.100 blocked none none',
  ]);
  const failedBefore = result.paths.filter((path) => path.before.outcome !== 'ok');
  t.deepEqual(failedBefore.map((path) => `${path.vm} ${path.vip} ${path.before.outcome}`).sort(), [
    'hs-a 10.0.1.100 timeout',
    'hs-a 10.0.1.101 timeout',
  ]);

  const { gapMs, failedConnects, verifiedMs } = result.failover;
  t.deepEqual(Object.keys(result.failover).sort(), ['failedConnects', 'gapMs', 'verifiedMs']);
  // The probe turns after two answers a second apart at the latest; before that nobody reaches the new primary.
  t.true(gapMs > 100 && gapMs < 15_000, `${gapMs}`);
  t.true(Number.isInteger(failedConnects) && failedConnects > 0 && failedConnects < 2000, `${failedConnects}`);
  t.true(Number.isInteger(verifiedMs) && verifiedMs > gapMs && verifiedMs < 40_000, `${verifiedMs} after ${gapMs}`);
}

kernelTest('without --once it stays: Enter makes another failover, Ctrl-C ends it', async (t) => {
  t.timeout(STORY_MS);
  begin();
  if (!staying) return t.fail();
  const result = JSON.parse(await staying.line(/^\{"ok":/, STORY_MS)) as StoryResult;
  t.true(result.ok, JSON.stringify(result.steps.filter((step) => !step.ok)));

  const { url } = /on (?<url>http:\/\/127\.0\.0\.1:\d+)/.exec(await staying.line(UP, UP_MS))?.groups ?? {};
  t.is((await fetch(`${url}/api/runs/${'0'.repeat(32)}`)).status, 404, 'the API answers');

  await staying.line(/Enter makes the next failover, Ctrl-C ends it/, 10_000);
  staying.child.stdin?.write('\n\n');
  await staying.line(/the failover before is still on its way/, 30_000);
  const told = await staying.line(/(ok {2}|FAIL) failover: on request/, 90_000);
  t.regex(told, /ok {2} failover: on request/, staying.stderr);

  const print = footprint(staying);
  t.true(print.processes.length >= 12, `${print.processes.length} processes`);
  t.true(print.namespaces.size >= 10, `${print.namespaces.size} namespaces`);
  staying.ctrlC();
  const goneMs = await goneAfter(print, GONE_MS);
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
    t.timeout(120_000);
    const started = nodeStart(code === 1 ? ['--once'] : []);
    t.teardown(() => endOf(started));
    await started.line(moment, UP_MS);
    const print = footprint(started);
    if (end === 'ctrlC') started.ctrlC();
    else started.child.kill(end);
    const goneMs = await goneAfter(print, GONE_MS);
    t.deepEqual(leftOf(print), []);
    t.log(`${print.processes.length} processes gone after ${goneMs} ms`);
    t.is(await started.ended, code);
    t.is(started.stderr, '');
    t.notRegex(started.stdout, /FAIL|NOT SO/);
  });
}

kernelTest('SIGKILL leaves no process and no namespace, and the next start removes the files', async (t) => {
  t.timeout(180_000);
  const temporary = temporaryOf();
  const killed = nodeStart([], { temporary });
  t.teardown(() => endOf(killed));
  await killed.line(/ok {3}before: every path tried/, UP_MS);
  const print = footprint(killed);
  t.true(print.processes.length >= 12 && print.namespaces.size >= 10);
  killed.child.kill('SIGKILL');
  const goneMs = await goneAfter(print, GONE_MS);
  t.deepEqual(leftOf(print), []);
  t.log(`${print.processes.length} processes in ${print.namespaces.size} namespaces gone after ${goneMs} ms`);
  t.is(await killed.ended, 'SIGKILL');
  const left = leftovers({ temporary });
  t.true(left.length > 0, 'there is something to remove');

  const next = nodeStart([], { temporary });
  t.teardown(() => endOf(next));
  await next.line(UP, UP_MS);
  t.deepEqual(
    leftovers({ temporary }).filter((name) => left.includes(name)),
    [],
  );
  next.ctrlC();
  t.is(await next.ended, 0);
  t.deepEqual(leftovers({ temporary }), []);
});

testNeeding([...KERNEL, 'root'])('what another user’s killed run left is left alone, and no hindrance', async (t) => {
  t.timeout(120_000);
  const temporary = temporaryOf();
  const killed = nodeStart([], { temporary });
  t.teardown(() => endOf(killed));
  await killed.line(UP, UP_MS);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const left = leftovers({ temporary });
  t.true(left.length > 0);
  // Like /tmp: everybody may write, nobody may remove what is another's.
  chmodSync(temporary, 0o1777);
  const next = nodeStart([], { temporary, user: 'nobody' });
  t.teardown(() => endOf(next));
  await next.line(UP, UP_MS);
  next.ctrlC();
  t.is(await next.ended, 0, next.stderr);
  t.deepEqual(leftovers({ temporary }).sort(), left.sort());
});
