import test from 'ava';
import { DEFAULT_TAGS, isAllowed, isInScope, isInSubscriptions, isTrueWord } from '../../shared/model/scope.ts';

test('true words, in any letter case, with space around them', (t) => {
  for (const word of ['true', 'TRUE', 'True', 'yes', 'Yes', 'on', 'ON', '1', ' true ', '\tyes\n'])
    t.true(isTrueWord(word), word);
});

test('everything else is not true', (t) => {
  for (const word of [
    undefined,
    '',
    ' ',
    'false',
    'no',
    'off',
    '0',
    '2',
    '11',
    'truee',
    'not true',
    'y',
    't',
    'enabled',
  ]) {
    t.false(isTrueWord(word), word);
  }
});

test('the default tags are five names that Azure takes', (t) => {
  const names = Object.values(DEFAULT_TAGS);
  t.is(new Set(names.map((name) => name.toLowerCase())).size, 5);
  // Tag names are at most 512 characters without < > % & \ ? / (Azure's documentation on tags).
  for (const name of names) t.regex(name, /^ilb-hairpin-guard-[a-z-]+$/);
});

const ONE = '00000000-0000-0000-0000-000000000001';
const GROUP = `/subscriptions/${ONE}/resourceGroups/healthshare`;
const VM = `${GROUP}/providers/Microsoft.Compute/virtualMachines/hs-a`;

for (const [why, allowed, inScope, isNamed] of [
  ['the subscription', {}, true, true],
  ['the subscription in capitals', { subscriptionIds: [ONE.toUpperCase()] }, true, true],
  ['no subscription', { subscriptionIds: [] }, false, false],
  ['another subscription', { subscriptionIds: ['00000000-0000-0000-0000-000000000002'] }, false, false],
  ['its group, in any letter case', { within: [GROUP.toUpperCase()] }, true, true],
  ['a group whose name begins the same', { within: [GROUP.slice(0, -1)] }, false, false],
  ['itself', { within: [VM] }, true, true],
  ['one of several', { within: [`${VM}2`, `${GROUP}/`] }, true, true],
  ['another VM', { within: [`${VM}2`] }, false, false],
  ['a part of it', { within: [`${VM}/extensions/x`] }, false, true],
  ['an empty entry', { within: [''] }, false, false],
  ['a group of a subscription that is not configured', { subscriptionIds: [], within: [GROUP] }, false, false],
] as const) {
  test(`a VM and a scope of ${why}: ${inScope ? 'in' : 'out'}, ${isNamed ? 'may' : 'may not'} be named`, (t) => {
    const scope = { subscriptionIds: [ONE], within: [], ...allowed };
    t.is(isInScope(VM, scope), inScope);
    t.is(isAllowed(VM, scope), isNamed);
  });
}

test('a request may name what the scope lies in; it is not in scope itself', (t) => {
  const scope = { subscriptionIds: [ONE], within: [GROUP] };
  t.true(isAllowed(`/subscriptions/${ONE}`, scope));
  t.false(isInScope(`/subscriptions/${ONE}`, scope));
});

test('what is no resource id is never in scope', (t) => {
  const scope = { subscriptionIds: [ONE], within: [] };
  for (const id of ['', '/', 'a', '/subscriptions', `x/subscriptions/${ONE}`, `/subscriptions/${ONE.slice(1)}/x`]) {
    t.false(isInScope(id, scope), id);
    t.false(isAllowed(id, scope), id);
    t.false(isInSubscriptions(id, scope), id);
  }
});
