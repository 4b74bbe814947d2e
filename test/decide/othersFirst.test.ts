/** Whether a member of another subscription is let go first. */
import test from 'ava';
import type { Candidate } from '../../shared/decide/candidates.ts';
import { letsOthersFirst } from '../../shared/decide/othersFirst.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { RunRow, VmRow } from '../../shared/model/rows.ts';
import { ago, looked, outcome, pass, planOf, run, vm } from '../helpers/seen.ts';
import { articleWorld, OTHER, SETTINGS, SUBSCRIPTION, vmId, type World } from '../helpers/world.ts';

const BOTH = { scope: { ...SETTINGS.scope, subscriptionIds: [SUBSCRIPTION, OTHER] } };
const sweep = run('s1 sweep');

interface Case {
  run?: RunRow;
  mode?: Candidate['mode'];
  world?: (world: World) => void;
  /** Row of hs-b, which lies in the other subscription, by the hash of its plan. */
  row?: (planHash: string) => Partial<VmRow>;
  commanded?: VmRow[];
  /** Whether the other subscription's rows were read. */
  isRead?: boolean;
}

/** Whether hs-a lets hs-b go first. */
function waits({
  run: asked = sweep,
  mode = 'apply',
  world: change,
  row,
  commanded = [],
  isRead = true,
}: Case): boolean {
  const world = articleWorld();
  world.homes.set('hs-b', OTHER);
  change?.(world);
  const at = pass({ world, settings: BOTH });
  const key = idKey(world.vmId('hs-b'));
  const members = new Map(
    row ? [[key, { ...vm('hs-b'), vmId: world.vmId('hs-b'), ...row(at.survey.plans.get(key)?.hash ?? '') }]] : [],
  );
  if (isRead) at.seen.elsewhere = { commanded, members };
  const { plan, hash } = planOf('hs-a');
  return letsOthersFirst(at, {
    key: idKey(vmId('hs-a')),
    vmId: vmId('hs-a'),
    wishes: [{ run: asked, outcome: outcome(`${asked.runId} hs-a`), mode }],
    mode,
    plan,
    planHash: hash,
    vips: [],
    shared: [],
    rank: [],
  });
}
/** All is right on hs-b by a look under the plan that it has. */
const rightB =
  (more: Parameters<typeof looked>[1] = {}) =>
  (planHash: string) => ({ look: looked('hs-b', { planHash, ...more }) });
const endedB = (endedAt: number) => () => ({
  last: { seq: 1, mode: 'apply' as const, endedAt, changed: 0, warnings: [] },
});
const onB = (world: World) => {
  for (const mirror of world.mirrors) mirror.primary = 'hs-b';
};
const other = (subscriptionId: string): VmRow => ({
  ...vm('hs-b sent apply 7'),
  vmId: vmId('hs-z').replace(SUBSCRIPTION, subscriptionId),
});
const started = (seconds: number) => run('s1 sweep', { startedAt: ago(seconds) });
const failoverTo = (name: string): RunRow => {
  const world = articleWorld();
  world.homes.set('hs-b', OTHER);
  return run('f1 failover', { scope: [{ kind: 'vm', id: world.vmId(name) }] });
};

const table: [string, Case, boolean][] = [
  ['one that is primary for less', {}, true],
  ['one that is primary for more', { world: onB }, false],
  [
    'one that is as good as it',
    {
      world: ({ mirrors }) => {
        for (const mirror of mirrors) mirror.primary = undefined;
      },
    },
    false,
  ],
  ['a failover’s new primary, though it is primary for more', { run: failoverTo('hs-b'), world: onB }, true],
  ['nobody, as it is the failover’s new primary itself', { run: failoverTo('hs-a') }, false],
  ['nobody for a look', { mode: 'check' }, false],
  ['nobody whose rows were not read', { isRead: false }, false],
  ['one that is stopped', { world: (world) => world.stopped.add('hs-b') }, false],
  ['one that has no plan', { world: (world) => world.oneNic.add('hs-b') }, false],
  ['one that is held', { row: () => ({ hold: { runId: 'r1', at: ago(900) } }) }, false],
  [
    'one that is only reported',
    { world: (world) => world.tags.set('hs-b', { [SETTINGS.scope.auditTag]: 'yes' }) },
    false,
  ],
  ['one where nothing began for two minutes', { run: started(120) }, false],
  ['one where nothing began for less', { run: started(119) }, true],
  ['one whose subscription works on others for half an hour', { run: started(1799), commanded: [other(OTHER)] }, true],
  ['one whose subscription works on others for longer', { run: started(1800), commanded: [other(OTHER)] }, false],
  ['one while a third subscription works', { run: started(120), commanded: [other(SUBSCRIPTION)] }, false],
  ['one that the run is not about', { run: run('m1 manual hs-a') }, false],
  ['one that the run is about among others', { run: run('m1 manual ucr') }, true],
  ['one that was done since the run was accepted', { row: endedB(ago(60)) }, false],
  ['one that was done before', { row: endedB(ago(61)) }, true],
  ['one that a sweep leaves alone, as all is right', { row: rightB() }, false],
  ['one that was right, for a run that looks anew', { run: run('m1 manual ucr'), row: rightB() }, true],
  ['one that was right under another plan', { row: rightB({ planHash: 'other' }) }, true],
  ['one that was wrong', { row: rightB({ mode: 'check', drift: ['route-missing'] }) }, true],
  ['one whose script ended with an error', { row: rightB({ report: { errorCode: 'BUSY' } }) }, true],
  ['one that was never looked at', { row: () => ({}) }, true],
];
for (const [what, words, isFirst] of table) {
  test(`${isFirst ? 'goes first' : 'is not waited for'}: ${what}`, (t) => t.is(waits(words), isFirst));
}
