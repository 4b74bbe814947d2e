import test from 'ava';
import fc from 'fast-check';
import {
  idKey,
  isSubscriptionId,
  isWithin,
  parentId,
  parseResourceId,
  sameId,
  shortName,
} from '../../shared/model/ids.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-1`;
const VM = `${GROUP}/providers/Microsoft.Compute/virtualMachines/hs-a`;
const LB = `${GROUP}/providers/Microsoft.Network/loadBalancers/ilb`;

test('ids are compared without letter case and trailing slash', (t) => {
  t.true(sameId(VM, `${VM.toUpperCase()}/`));
  t.false(sameId(VM, `${VM}1`));
  t.is<string, string>(idKey(`${VM}//`), VM.toLowerCase());
});

test('an id is taken apart; names keep their letter case, types do not', (t) => {
  t.deepEqual(parseResourceId(`${LB}/frontendIPConfigurations/Fe.1`), {
    subscriptionId: SUBSCRIPTION,
    resourceGroup: 'rg-1',
    type: 'microsoft.network/loadbalancers/frontendipconfigurations',
    names: ['ilb', 'Fe.1'],
  });
});

test('an id is read in any letter case', (t) => {
  t.is(parseResourceId(VM.toUpperCase())?.type, 'microsoft.compute/virtualmachines');
});

for (const name of ['a', '_x', 'hs-a', 'hs_a', 'a.b', 'grüße', '名前', 'a'.repeat(90)]) {
  test(`a name as ARM allows it: ${name}`, (t) => t.truthy(parseResourceId(VM.replace('hs-a', name))));
}

for (const [why, id] of [
  ['nothing', ''],
  ['no leading slash', VM.slice(1)],
  ['a subscription that is no GUID', VM.replace(SUBSCRIPTION, 'subid')],
  ['a subscription alone', `/subscriptions/${SUBSCRIPTION}`],
  ['a resource group alone', GROUP],
  ['a provider alone', `${GROUP}/providers/Microsoft.Compute`],
  ['a type without a name', `${GROUP}/providers/Microsoft.Compute/virtualMachines`],
  ['an empty segment', VM.replace('/hs-a', '//hs-a')],
  ['a trailing slash', `${VM}/`],
  ['a way up', VM.replace('hs-a', '..')],
  ['a name that ends in a dot', VM.replace('hs-a', 'a.')],
  ['a space', VM.replace('hs-a', 'hs a')],
  ['a quote', VM.replace('hs-a', "hs'a")],
  ['a command', VM.replace('hs-a', '$(reboot)')],
  ['a line end', `${VM}\n`],
  ['a question mark', `${VM}?x=1`],
  ['an encoded slash', VM.replace('hs-a', 'a%2Fb')],
  ['a name that is too long', VM.replace('hs-a', 'a'.repeat(91))],
  ['an id that is too long', `${VM}${'/a/b'.repeat(300)}`],
  ['words in other places', VM.replace('subscriptions', 'tenants')],
  ['a group word that is none', VM.replace('resourceGroups', 'groups')],
  ['a provider word that is none', VM.replace('providers', 'provider')],
] as const) {
  test(`no resource id: ${why}`, (t) => t.is(parseResourceId(id), undefined));
}

test('parents, up to the resource itself', (t) => {
  const ip = `${GROUP}/providers/Microsoft.Network/networkInterfaces/n/ipConfigurations/i`;
  t.is(parentId(ip), ip.replace('/ipConfigurations/i', ''));
  t.is(parentId(VM), undefined);
  t.is(parentId('no id'), undefined);
});

test('short names, and what has none as it is', (t) => {
  t.is(shortName(`${LB}/probes/Mirror`), 'Mirror');
  t.is(shortName('what is this'), 'what is this');
});

test('subscription ids', (t) => {
  t.true(isSubscriptionId(SUBSCRIPTION));
  t.true(isSubscriptionId('ABCDEF01-2345-6789-ABCD-EF0123456789'));
  for (const text of [
    '',
    SUBSCRIPTION.slice(1),
    `${SUBSCRIPTION}0`,
    ` ${SUBSCRIPTION}`,
    SUBSCRIPTION.replaceAll('-', ''),
  ]) {
    t.false(isSubscriptionId(text));
  }
});

for (const [id, scope, inside] of [
  [VM, VM.toUpperCase(), true],
  [VM, GROUP, true],
  [VM, `${GROUP}/`, true],
  [VM, `/subscriptions/${SUBSCRIPTION}`, true],
  [VM, `${GROUP}0`, false],
  [VM, GROUP.slice(0, -1), false],
  [GROUP, VM, false],
  [VM, '', false],
  [VM, '/', false],
  ['', '', false],
] as const) {
  test(`${JSON.stringify(id.slice(-40))} is ${inside ? '' : 'not '}within ${JSON.stringify(scope.slice(-40))}`, (t) => {
    t.is(isWithin(id, scope), inside);
  });
}

const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.()-]{0,20}[A-Za-z0-9_]$/);
const ids = fc
  .record({ subscription: fc.uuid(), group: name, names: fc.array(name, { minLength: 1, maxLength: 3 }) })
  .map(({ subscription, group, names }) => ({
    names,
    group,
    id: `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Network${names.map((one, i) => `/type${i}/${one}`).join('')}`,
  }));

test('what was put together is taken apart again, and lies within each of its parents', (t) => {
  fc.assert(
    fc.property(ids, ({ id, names, group }) => {
      const parsed = parseResourceId(id);
      t.deepEqual([parsed?.names, parsed?.resourceGroup], [names, group]);
      t.is(shortName(id), names.at(-1) ?? '');
      for (let up: string | undefined = id; up; up = parentId(up)) t.true(isWithin(id.toUpperCase(), up));
      t.false(isWithin(id, `${id}x`));
    }),
  );
});

test('no text makes any of them throw', (t) => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map((text) => VM + text),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      const parsed = parseResourceId(a);
      if (parsed) t.true(parsed.names.every((one) => !/[\s/'"$`\\;|&<>]/.test(one)));
      t.is(sameId(a, b), sameId(b, a));
      isWithin(a, b);
      shortName(a);
      parentId(a);
    }),
  );
});
