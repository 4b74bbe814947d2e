/** What the last line of `npm start -- --once --json` must be. */
import type { ExecutionContext } from 'ava';
import type { StoryResult } from '../../simulator/story/step.ts';

/** The whole story takes one to two minutes on an idle machine, most of it waiting; a busy one takes its time. */
export const STORY_MS = 1_200_000;

/** The documented shape, nothing more and nothing less, with numbers that can be. */
export function checkResult(t: ExecutionContext, result: StoryResult, guests: 'kernel' | 'model'): void {
  t.deepEqual(Object.keys(result).sort(), ['failover', 'functions', 'guests', 'ok', 'paths', 'steps']);
  t.true(result.ok);
  t.is(result.guests, guests);
  t.deepEqual(result.functions, [
    'complianceSweep',
    'mirrorFailover',
    'primaryWatch',
    'reconcile',
    'resourceChange',
    'runs',
    'startRun',
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
      t.true(Number.isInteger(ms) && ms >= 0 && ms < STORY_MS);
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
  t.true(gapMs > 100 && gapMs < STORY_MS, `${gapMs}`);
  t.true(Number.isInteger(failedConnects) && failedConnects > 0, `${failedConnects}`);
  t.true(Number.isInteger(verifiedMs) && verifiedMs > gapMs && verifiedMs < STORY_MS, `${verifiedMs} after ${gapMs}`);
}
