/**
 * What left a VM's plan and stays in its guest: two load balancers on the same VMs, and what becomes of the second.
 * Long: one table of cases about one thing.
 */
import test from 'ava';
import { decide } from '../../shared/decide/decide.ts';
import { placedAfter } from '../../shared/decide/kept.ts';
import type { CommandRow, PlacedFrontend, VmRow } from '../../shared/model/rows.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import type { LoadBalancer } from '../../shared/model/topology.ts';
import {
  accepted,
  ago,
  commanded,
  commandId,
  looked,
  outcome,
  planOf,
  printed,
  run,
  seen,
  shows,
  vm,
  type Words,
} from '../helpers/seen.ts';
import { shownOf } from '../helpers/shown.ts';
import { articleWorld, frontendId, SETTINGS, SUBSCRIPTION, type World } from '../helpers/world.ts';

const OTHER = frontendId('pi').replace(/\/loadBalancers\/[^/]+/, '/loadBalancers/other');
const SEQ = 7;

/** The article's VMs with the mirror pi on a load balancer of its own, after something happened to that. */
function worldWhere(happens: (other: LoadBalancer) => LoadBalancer | undefined): World {
  const world = articleWorld();
  const topology = world.topology.bind(world);
  world.topology = () => {
    const estate = topology();
    const [first] = estate.loadBalancers;
    if (!first) throw new Error('no load balancer');
    const isOf = (name: string) => (item: { id: string }) => item.id.endsWith(`/${name}`);
    const only = (name: string): LoadBalancer => ({
      ...first,
      frontends: first.frontends.filter(isOf(name)),
      rules: first.rules.filter(isOf(name)),
      pools: first.pools.filter(isOf(name)),
    });
    const text = JSON.stringify(only('pi')).replaceAll(first.id, OTHER.split('/frontendIP')[0] ?? '');
    for (const nic of estate.nics) for (const ip of nic.ipConfigurations) ip.poolIds = [];
    const other = happens(JSON.parse(text));
    return { ...estate, loadBalancers: [only('ucr'), ...(other ? [other] : [])] };
  };
  return world;
}

const [ucr, pi] = planOf('hs-a').plan.frontends;
if (!ucr || !pi) throw new Error('the article has two mirrors');
const PLACED: PlacedFrontend[] = [
  { frontendId: frontendId('ucr'), planned: ucr },
  { frontendId: OTHER, planned: pi },
];
const absent = (seconds: number): PlacedFrontend[] =>
  PLACED.map((one) => (one.frontendId === OTHER ? { ...one, absentSince: ago(seconds) } : one));

const gone = () => worldWhere(() => undefined);
const optedOut = () => worldWhere((other) => ({ ...other, tags: { [DEFAULT_TAGS.optOutTag]: 'true' } }));
const floating = () =>
  worldWhere((other) => ({ ...other, rules: other.rules.map((rule) => ({ ...rule, floatingIp: true })) }));
const without = (more: string[] = []) =>
  worldWhere((other) => ({
    ...other,
    pools: other.pools.map((pool) => ({
      ...pool,
      ipConfigurationIds: [...pool.ipConfigurationIds.filter((id) => !id.includes('hs-a')), ...more],
    })),
  }));
const there = () => worldWhere((other) => other);

/** A sweep over hs-a, whose guest was looked at a minute ago and holds both. */
const sweep = (world: World, placed = PLACED): Words => ({
  world,
  runs: [accepted('s1 sweep hs-a')],
  vms: [vm('hs-a', { look: looked('hs-a'), placed })],
});
/** A person's apply. */
const byHand = (world: World, placed = PLACED): Words => ({
  ...sweep(world, placed),
  runs: [run('m1 manual hs-a')],
  outcomes: [outcome('m1 hs-a')],
});

const decided = (words: Words) => decide(seen(words), { ...SETTINGS, ...words.settings });
const rowOf = (words: Words) =>
  decided(words).writes.flatMap((write) => (write.table === 'vms' ? [write.row] : []))[0] as VmRow | undefined;
const said = (words: Words) =>
  decided(words)
    .writes.flatMap((write) => (write.table === 'outcomes' ? write.row.findings : []))
    .map(({ code, params }) => `${code} ${params.vip}: ${params.why}`);
const meantFor = (words: Words) =>
  rowOf(words)?.command?.plan.frontends.map(({ vip, kept }) => `${vip}${kept ? ' kept' : ''}`);

for (const [what, world, why] of [
  [
    'its load balancer is missing in a list',
    gone,
    'its load balancer is not listed, or not served by this program any more',
  ],
  ['its load balancer opted out', optedOut, 'its load balancer or NIC is opted out'],
  ['its rules float by now', floating, 'its load balancer is not listed, or not served by this program any more'],
] as const) {
  test(`${what}: nothing is done in the guest, and that is said`, (t) => {
    const shown = shownOf(decided(sweep(world()))).filter((line) => !line.startsWith('frontend '));
    t.deepEqual(shown, ['outcome s1 hs-a compliant VIP_KEPT', 'run s1 settled']);
    t.deepEqual(said(sweep(world())), [`VIP_KEPT 10.0.1.101: ${why}`]);
  });
  test(`${what}: an apply by hand leaves it as it is, an hour later too`, (t) => {
    t.deepEqual(meantFor(byHand(world())), ['10.0.1.100', '10.0.1.101 kept']);
    t.deepEqual(meantFor(byHand(world(), absent(3600))), ['10.0.1.100', '10.0.1.101 kept']);
  });
}

test('its frontend is listed without the VM: noted, and left for now', (t) => {
  t.deepEqual(meantFor(byHand(without())), ['10.0.1.100', '10.0.1.101 kept']);
  t.is(rowOf(byHand(without()))?.placed?.[1]?.absentSince, ago(0));
  t.deepEqual(said(sweep(without(), absent(10))), [
    'VIP_KEPT 10.0.1.101: its frontend was listed without this VM once; the next reading decides',
  ]);
  t.deepEqual(meantFor(byHand(without(), absent(59))), ['10.0.1.100', '10.0.1.101 kept'], 'too soon for another list');
});

test('its frontend is listed without the VM in a second reading: the next apply takes it away', (t) => {
  t.deepEqual(meantFor(byHand(without(), absent(60))), ['10.0.1.100']);
  t.deepEqual(meantFor(sweep(without(), absent(60))), ['10.0.1.100'], 'a sweep looks, since the plan changed');
  const words: Words = {
    world: without(),
    runs: [run('m1 manual hs-a')],
    outcomes: [outcome('m1 hs-a 7')],
    vms: [commanded('hs-a sent apply 7', { shown: true, plan: { frontends: [ucr] } }, { placed: absent(90) })],
    looks: {
      'hs-a': shows({
        commandId: commandId('hs-a', SEQ),
        state: 'Succeeded',
        output: printed('hs-a', SEQ).replace(/,"1;[^"]*"/, ''),
      }),
    },
  };
  t.deepEqual(rowOf(words)?.placed, [PLACED[0] as PlacedFrontend]);
});

test('its frontend is listed with the VM again: the note is gone', (t) => {
  const row = rowOf(sweep(there(), absent(3600)));
  t.deepEqual(row?.placed, PLACED);
  t.deepEqual(said(sweep(there(), absent(3600))), []);
});

test('a pool that names what Azure does not list may mean the VM: left', (t) => {
  const words = byHand(
    without([
      `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/x/ipConfigurations/y`,
    ]),
    absent(3600),
  );
  t.deepEqual(meantFor(words), ['10.0.1.100', '10.0.1.101 kept']);
  t.is(rowOf(words)?.placed?.[1]?.absentSince, undefined);
});

test('what stays is sent with the ids of its frontends, so that it is known again', (t) => {
  t.deepEqual(rowOf(byHand(optedOut()))?.command?.frontendIds, [frontendId('ucr'), OTHER]);
});

const reportOf = (after: Record<string, 'right' | 'wrong'>, errorCode?: 'BUSY') => ({
  ...looked('hs-a').report,
  paths: looked('hs-a').report.paths.flatMap((path) =>
    after[path.vip] === undefined
      ? []
      : [{ ...path, after: after[path.vip] === 'right' ? [] : ['route-missing' as const] }],
  ),
  ...(errorCode ? { errorCode } : {}),
});
const command = (mode: CommandRow['mode'], vips: string[]): CommandRow => {
  const row = vm('hs-a sent apply 7').command as CommandRow;
  const frontends = planOf('hs-a').plan.frontends.filter(({ vip }) => vips.includes(vip));
  return {
    ...row,
    mode,
    plan: { frontends },
    frontendIds: vips.map((vip) => (vip === ucr.vip ? frontendId('ucr') : OTHER)),
  };
};
const BOTH = [ucr.vip, pi.vip];
for (const [what, row, sent, report, holds] of [
  [
    'an apply that took: both',
    vm('hs-a'),
    command('apply', BOTH),
    reportOf({ [ucr.vip]: 'right', [pi.vip]: 'right' }),
    PLACED,
  ],
  [
    'a check that found both: both',
    vm('hs-a'),
    command('check', BOTH),
    reportOf({ [ucr.vip]: 'right', [pi.vip]: 'right' }),
    PLACED,
  ],
  [
    'a check that found one: that one',
    vm('hs-a'),
    command('check', BOTH),
    reportOf({ [ucr.vip]: 'right', [pi.vip]: 'wrong' }),
    PLACED.slice(0, 1),
  ],
  [
    'an apply without the second: the first',
    vm('hs-a', { placed: PLACED }),
    command('apply', [ucr.vip]),
    reportOf({ [ucr.vip]: 'right' }),
    PLACED.slice(0, 1),
  ],
  [
    'a check without the second: both',
    vm('hs-a', { placed: PLACED }),
    command('check', [ucr.vip]),
    reportOf({ [ucr.vip]: 'right' }),
    PLACED,
  ],
  [
    'an apply that ended with an error: what was there before',
    vm('hs-a', { placed: PLACED }),
    command('apply', [ucr.vip]),
    reportOf({}, 'BUSY'),
    PLACED,
  ],
] as const) {
  test(`what a guest holds after ${what}`, (t) => {
    const found = placedAfter(row, sent, report).toSorted((a, b) => (a.planned.vip < b.planned.vip ? -1 : 1));
    t.deepEqual(found, [...holds]);
  });
}

test('a removal takes all away', (t) => {
  const words: Words = {
    runs: [run('m1 manual hs-a', { mode: 'remove' })],
    outcomes: [outcome('m1 hs-a 7')],
    vms: [commanded('hs-a sent remove 7', { shown: true }, { placed: PLACED })],
    looks: {
      'hs-a': shows({
        commandId: commandId('hs-a', SEQ),
        state: 'Succeeded',
        output: printed('hs-a', SEQ, { mode: 'remove' }),
      }),
    },
  };
  t.is(rowOf(words)?.placed, undefined);
});
