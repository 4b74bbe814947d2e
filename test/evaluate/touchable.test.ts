import test from 'ava';
import { isOptedOut, tagValue } from '../../shared/evaluate/touchable.ts';
import { isInScope } from '../../shared/model/scope.ts';
import { SCOPE, SUBSCRIPTION, vmId } from '../helpers/estate.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;

for (const [why, scope, inScope] of [
  ['the subscription', {}, true],
  ['the subscription in capitals', { subscriptionIds: [SUBSCRIPTION.toUpperCase()] }, true],
  ['no subscription', { subscriptionIds: [] }, false],
  ['another subscription', { subscriptionIds: ['11111111-1111-1111-1111-111111111111'] }, false],
  ['its resource group, in any letter case', { within: [GROUP.toUpperCase()] }, true],
  ['a group whose name begins the same', { within: [`${GROUP.slice(0, -1)}`] }, false],
  ['itself', { within: [vmId('a')] }, true],
  ['one of several', { within: [vmId('b'), `${GROUP}/`] }, true],
  ['another VM', { within: [vmId('b')] }, false],
  ['a part of it', { within: [`${vmId('a')}/extensions/x`] }, false],
  ['an empty entry', { within: [''] }, false],
  ['a group of a subscription that is not configured', { subscriptionIds: [], within: [GROUP] }, false],
] as const) {
  test(`a VM and a scope of ${why}: ${inScope ? 'in' : 'out'}`, (t) => {
    t.is(isInScope(vmId('a'), { ...SCOPE, ...structuredClone(scope) } as typeof SCOPE), inScope);
  });
}

test('what is no resource id is never in scope', (t) => {
  for (const id of ['', '/', 'a', '/subscriptions', `/subscriptions/${SUBSCRIPTION.slice(1)}/x`])
    t.false(isInScope(id, SCOPE));
});

test('tag names have no letter case, tag values are true words or nothing', (t) => {
  t.is(tagValue({ 'ILB-Hairpin-Guard-Port': '1972' }, SCOPE.portTag), '1972');
  t.is(tagValue({}, SCOPE.portTag), undefined);
  const sameLength = 'x'.repeat(SCOPE.optOutTag.length);
  t.is(tagValue({ [sameLength]: 'true' }, SCOPE.optOutTag), undefined, 'another tag of that length');
  t.true(isOptedOut({ [sameLength]: 'no', [SCOPE.optOutTag.toUpperCase()]: 'true' }, SCOPE));
  for (const word of ['true', 'YES', 'on', '1']) t.true(isOptedOut({ 'Ilb-Hairpin-Guard-OPT-OUT': word }, SCOPE));
  for (const word of ['false', '', 'no', '0', 'true-ish']) t.false(isOptedOut({ [SCOPE.optOutTag]: word }, SCOPE));
});
