/** What waits while the lists of another subscription are missing. */
import test from 'ava';
import { waitsForLists, whyHeldBack } from '../../shared/decide/missingLists.ts';
import type { EstatePass } from '../../shared/decide/pass.ts';
import { finding } from '../../shared/model/findings.ts';
import { idKey } from '../../shared/model/ids.ts';
import { accepted, ago, frontend, looked, pass, run, vm, type Words } from '../helpers/seen.ts';
import { articleWorld, OTHER, vmId } from '../helpers/world.ts';

const KEY = idKey(vmId('hs-a'));
const UNREAD = { subscriptionId: OTHER, why: 'Azure answered 403.' };
const without = (words: Words = {}): EstatePass => {
  const at = pass(words);
  return { ...at, survey: { ...at.survey, unread: [UNREAD] } };
};
/** The guest holds both VIPs; the mirror pi is not listed any more. */
const oneMirror = articleWorld();
oneMirror.mirrors.pop();
const held: Words = { world: oneMirror, vms: [vm('hs-a', { look: looked('hs-a') })], frontends: [frontend('ucr')] };

test('a VM waits that is behind something there, or whose guest holds a VIP that its plan would take away', (t) => {
  const why = finding('SUBSCRIPTION_UNREAD', { id: '10.0.1.101', subscription: OTHER, why: UNREAD.why });
  t.deepEqual(whyHeldBack(without(held), KEY), why);

  const said = finding('SUBSCRIPTION_UNREAD', { id: 'a load balancer', subscription: OTHER, why: 'no' });
  const at = without();
  const listedOf = new Map([
    [
      KEY,
      [
        { id: vmId('hs-a'), finding: finding('OPTED_OUT') },
        { id: vmId('hs-a'), finding: said },
      ],
    ],
  ]);
  t.is(whyHeldBack({ ...at, evaluation: { ...at.evaluation, listedOf } }, KEY), said);
});

test('all others go on', (t) => {
  t.is(whyHeldBack(pass(held), KEY), undefined, 'no list is missing');
  t.is(whyHeldBack(without(), KEY), undefined, 'never looked at');
  t.is(
    whyHeldBack(without({ vms: [vm('hs-a', { look: looked('hs-a') })] }), KEY),
    undefined,
    'its VIPs are all listed',
  );
  const known = { ...held, frontends: [frontend('ucr'), frontend('pi')] };
  t.is(whyHeldBack(without(known), KEY), undefined, 'the load balancer’s own list is there: it is gone indeed');
});

test('a run waits ten minutes for lists; a sweep does not', (t) => {
  const at = without();
  t.true(waitsForLists(at, run('m1 manual hs-a', { startedAt: ago(599) })));
  t.false(waitsForLists(at, run('m1 manual hs-a', { startedAt: ago(600) })));
  t.true(waitsForLists(at, accepted('m1 manual hs-a')), 'one that begins now');
  t.false(waitsForLists(at, run('s1 sweep')));
});
