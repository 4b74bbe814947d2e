/** A load balancer and its members in different subscriptions: their lists are one estate. */
import test from 'ava';
import { joinTopologies } from '../../shared/evaluate/joinTopologies.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { Topology } from '../../shared/model/topology.ts';
import {
  estate,
  frontendId,
  ilb,
  ipId,
  lbId,
  listsOf,
  mirror,
  OPT_OUT,
  pair,
  poolId,
  SCOPE,
  SUBSCRIPTION,
  vmId,
} from '../helpers/estate.ts';

const OTHER = '00000000-0000-0000-0000-000000000001';
const BOTH = { ...SCOPE, subscriptionIds: [SUBSCRIPTION, OTHER] };
const there = (id: string): string => id.replace(SUBSCRIPTION, OTHER);

/** The same estate with these VMs, their NICs and these load balancers in the other subscription; its lists by subscription. */
function split(whole: Topology, names: string[]): { here: Topology; other: Topology } {
  const moved = names.map((name) => new RegExp(`${SUBSCRIPTION}(/resourceGroups/rg/providers/[^"]*?/${name}\\b)`, 'g'));
  const text = moved.reduce((all, name) => all.replace(name, `${OTHER}$1`), JSON.stringify(whole));
  const all = JSON.parse(text) as Topology;
  return { here: listsOf(all, SUBSCRIPTION), other: listsOf(all, OTHER) };
}

const B = ['b', 'b1', 'b2'];
const listed = (topology: Topology, scope = BOTH) =>
  survey(topology, scope).listed.map(({ id, finding }) => [id, finding.code, finding.params.subscription]);

for (const [title, whole] of [
  ['NIC-based pool', mirror()],
  [
    'NICs that name the pool themselves',
    (() => {
      const it = mirror({ pool: { ipConfigurationIds: [] } });
      for (const nic of it.nics.filter(({ primary }) => primary)) nic.ipConfigurations[0]?.poolIds.push(poolId('ucr'));
      return it;
    })(),
  ],
  [
    'address-based pool',
    mirror({
      pool: { ipConfigurationIds: [], addresses: ['10.0.1.10', '10.0.1.20'].map((address) => ({ address })) },
    }),
  ],
] as const) {
  test(`a member of another subscription is one as any other, by a ${title}`, (t) => {
    const { here, other } = split(whole, B);
    const alone = survey(whole, SCOPE);
    for (const joined of [joinTopologies(here, [other], []), joinTopologies(other, [here], [])]) {
      const it = survey(joined, BOTH);
      t.is(it.frontends.length, 1);
      t.deepEqual(
        it.ways.map(({ vmKey }) => vmKey),
        [idKey(vmId('a')), idKey(there(vmId('b')))],
      );
      for (const [name, id] of [
        ['a', vmId('a')],
        ['b', there(vmId('b'))],
      ] as const) {
        t.truthy(it.plans.get(idKey(id)));
        t.deepEqual(it.plans.get(idKey(id))?.plan, alone.plans.get(idKey(vmId(name)))?.plan);
      }
      t.deepEqual(it.listed, []);
      t.true(it.frontends[0]?.isShared);
    }
  });
}

test('a load balancer in another subscription than both of its members', (t) => {
  const { here, other } = split(mirror(), ['ucr']);
  const it = survey(joinTopologies(here, [other], []), BOTH);
  t.deepEqual(
    it.frontends.map(({ frontend, isShared }) => [frontend.frontend.id, isShared]),
    [[there(frontendId('ucr')), true]],
  );
  t.is(it.plans.size, 2);
});

test('what is another subscription’s alone is for that one’s loop', (t) => {
  const whole = estate(...pair(), ilb('own', '10.0.1.100', ['a1']), ilb('theirs', '10.0.1.101', ['b1']));
  const { here, other } = split(whole, [...B, 'theirs']);
  const it = survey(joinTopologies(here, [other], []), BOTH);
  t.deepEqual(
    it.frontends.map(({ frontend, isShared }) => [frontend.vip, isShared]),
    [['10.0.1.100', false]],
  );
  t.true(it.isOwn(idKey(vmId('a'))));
  t.false(it.isOwn(idKey(there(vmId('b')))));
});

test('a pool that refers into a subscription that is not configured: said of the frontend, with its name', (t) => {
  const { here } = split(mirror(), B);
  t.deepEqual(listed(here, SCOPE), [[frontendId('ucr'), 'SUBSCRIPTION_NOT_CONFIGURED', OTHER]]);
});

test('a NIC in pools of a subscription that is not configured: said of its VM once per load balancer', (t) => {
  const whole = estate(...pair());
  for (const nic of whole.nics.filter(({ primary }) => primary)) {
    const pools = [poolId('ucr'), `${lbId('ucr')}/backendAddressPools/more`, poolId('pi')];
    nic.ipConfigurations[0]?.poolIds.push(...pools.map(there));
  }
  const found = survey(whole, SCOPE).listed;
  t.deepEqual(
    found.map(({ id, finding }) => [id, finding.code, finding.params.id]),
    ['a', 'b'].flatMap((name) =>
      ['pi', 'ucr'].map((lb) => [vmId(name), 'SUBSCRIPTION_NOT_CONFIGURED', there(lbId(lb))]),
    ),
  );
});

test('a VM that opted out, or names pools that are listed, has nothing said of them', (t) => {
  const whole = estate(...pair(), ilb('ucr', '10.0.1.100', ['a1']));
  for (const nic of whole.nics.filter(({ primary }) => primary)) {
    nic.ipConfigurations[0]?.poolIds.push(poolId('ucr'), there(poolId('pi')));
  }
  for (const one of whole.vms) if (one.id === vmId('a')) one.tags = OPT_OUT;
  const said = survey(whole, { ...SCOPE, subscriptionIds: [SUBSCRIPTION.toUpperCase()] }).listed;
  t.deepEqual(
    said.map(({ id, finding }) => `${id} ${finding.code}`),
    [`${vmId('a')} OPTED_OUT`, `${vmId('b')} SUBSCRIPTION_NOT_CONFIGURED`],
  );
  const outside = survey(whole, { ...SCOPE, within: [vmId('a')] }).listed;
  t.false(
    outside.some(({ finding }) => finding.code === 'SUBSCRIPTION_NOT_CONFIGURED'),
    'nor of one that is out of scope',
  );
});

test('a subscription that cannot be read: said of the frontend and of the VM that refer to it, with the reason', (t) => {
  const unread = [{ subscriptionId: OTHER, why: 'answered 403' }];
  const members = split(mirror(), B);
  const without = joinTopologies(members.here, [], unread);
  t.deepEqual(listed(without), [[frontendId('ucr'), 'SUBSCRIPTION_UNREAD', OTHER]]);
  t.deepEqual(survey(without, BOTH).listed[0]?.finding.params, {
    id: there(ipId('b1')),
    subscription: OTHER,
    why: 'answered 403',
  });
  // Whoever is behind it there is not known: it may be anybody.
  t.true(survey(without, BOTH).frontends[0]?.isShared);

  const whole = mirror({ pool: { ipConfigurationIds: [] } });
  whole.nics[0]?.ipConfigurations[0]?.poolIds.push(poolId('ucr'));
  const balancer = split(whole, ['ucr']);
  t.deepEqual(listed(joinTopologies(balancer.here, [], unread)), [[vmId('a'), 'SUBSCRIPTION_UNREAD', OTHER]]);
});

test('an address that no NIC has, while a subscription cannot be read, may be anybody’s there', (t) => {
  const addresses = ['10.0.1.10', '10.0.1.99'].map((address) => ({ address }));
  const whole = estate(...pair(), ilb('ucr', '10.0.1.100', [], { pool: { addresses } }));
  const unread = [{ subscriptionId: OTHER, why: 'answered 403' }];
  const isShared = (topology: Topology) => survey(topology, BOTH).frontends.map((one) => one.isShared);
  t.deepEqual(isShared(joinTopologies(whole, [], unread)), [true]);
  t.deepEqual(isShared(joinTopologies(whole, [], [])), [false]);
  const dangling = estate(...pair(), ilb('ucr', '10.0.1.100', ['a1', 'gone']));
  t.deepEqual(isShared(joinTopologies(dangling, [], unread)), [false], 'an id says where it would be');
});

test('a reference within the lists that are there still dangles', (t) => {
  const { here, other } = split(mirror(), B);
  other.nics = [];
  t.deepEqual(listed(joinTopologies(here, [other], [])), [[frontendId('ucr'), 'DANGLING_REFERENCE', undefined]]);
});
