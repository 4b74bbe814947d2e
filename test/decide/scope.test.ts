/** What a run covers. */
import test from 'ava';
import { announcedFrontends, announcedVm, covered, frontendsOfRuns, liftsHold } from '../../shared/decide/scope.ts';
import { shortName } from '../../shared/model/ids.ts';
import type { RunRow } from '../../shared/model/rows.ts';
import type { ScopeItem } from '../../shared/model/signal.ts';
import { run, surveyOf } from '../helpers/seen.ts';
import { frontendId, nicId, SUBSCRIPTION, vmId, World } from '../helpers/world.ts';

const world = new World(
  ['hs-a', 'hs-b', 'hs-c'],
  [
    { name: 'ucr', vip: '10.0.1.100', members: ['hs-a', 'hs-b'], primary: 'hs-a' },
    { name: 'pi', vip: '10.0.1.101', members: ['hs-a', 'hs-c'], primary: 'hs-c' },
  ],
);
const survey = surveyOf(world);
const ways = { all: survey.ways, ofVm: survey.waysOfVm, ofFrontend: survey.waysOfFrontend };
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/healthshare`;
const about = (...scope: ScopeItem[]): RunRow => run('m1 manual', { scope });

const table: [string, RunRow, string[]][] = [
  ['all of a subscription', run('s1 sweep'), ['hs-a>ucr', 'hs-b>ucr', 'hs-a>pi', 'hs-c>pi']],
  [
    'a resource group',
    about({ kind: 'resourceGroup', id: GROUP.toUpperCase() }),
    ['hs-a>ucr', 'hs-b>ucr', 'hs-a>pi', 'hs-c>pi'],
  ],
  ['another resource group', about({ kind: 'resourceGroup', id: `${GROUP}2` }), []],
  ['a VM', run('m1 manual hs-a'), ['hs-a>ucr', 'hs-a>pi']],
  ['a VM in other letters', about({ kind: 'vm', id: vmId('HS-A') }), ['hs-a>ucr', 'hs-a>pi']],
  ['a VM that is not there', run('m1 manual hs-gone'), []],
  ['a NIC', about({ kind: 'nic', id: nicId('hs-b-1') }), ['hs-b>ucr']],
  ['a NIC that is not there', about({ kind: 'nic', id: nicId('gone') }), []],
  ['a mirror', run('p1 moved pi'), ['hs-a>pi', 'hs-c>pi']],
  [
    'a load balancer',
    about({ kind: 'loadBalancer', id: frontendId('x').split('/').slice(0, -2).join('/') }),
    ['hs-a>ucr', 'hs-b>ucr', 'hs-a>pi', 'hs-c>pi'],
  ],
  ['a VIP', about({ kind: 'vip', id: '10.0.1.101' }), ['hs-a>pi', 'hs-c>pi']],
  ['several that overlap: each once', run('m1 manual hs-a ucr'), ['hs-a>ucr', 'hs-a>pi', 'hs-b>ucr']],
  [
    'a failover to a VM: all members of its mirrors',
    run('f1 failover hs-a'),
    ['hs-a>ucr', 'hs-b>ucr', 'hs-a>pi', 'hs-c>pi'],
  ],
  ['a failover with a VIP: all members of that one', run('f1 failover hs-a 10.0.1.101'), ['hs-a>pi', 'hs-c>pi']],
  ['a failover with a VIP of somebody else', run('f1 failover hs-b 10.0.1.101'), []],
  ['a failover without a VM', run('f1 failover 10.0.1.101'), []],
];
for (const [what, of, paths] of table) {
  test(`covered: ${what}`, (t) =>
    t.deepEqual(
      covered(of, ways, survey).map((way) => `${shortName(way.vmKey)}>${shortName(way.frontendKey)}`),
      paths,
    ));
}

const lifts: [string, RunRow, boolean][] = [
  ['an apply by hand that names the VM', run('m1 manual hs-a'), true],
  ['in other letters', about({ kind: 'vm', id: vmId('HS-A') }), true],
  ['an apply by hand of its mirror', run('m1 manual ucr'), false],
  ['an apply by hand of another VM', run('m1 manual hs-b'), false],
  ['a check by hand', run('m1 manual hs-a', { mode: 'check' }), false],
  ['a retry, whose scope no person wrote', run('m1 manual hs-a', { retryOf: 'm0' }), false],
  ['an event that names it', run('c1 change hs-a'), false],
];
for (const [what, of, isLifted] of lifts) {
  test(`a hold: ${what} ${isLifted ? 'takes it back' : 'leaves it'}`, (t) =>
    t.is(liftsHold(of, vmId('hs-a')), isLifted));
}

test('health is asked of every mirror of each VM that a run covers', (t) => {
  const names = (...runs: RunRow[]) => [...frontendsOfRuns(runs, survey)].map(shortName).sort();
  t.deepEqual(names(run('m1 manual hs-b')), ['ucr']);
  t.deepEqual(names(run('p1 moved pi')), ['pi', 'ucr']);
  t.deepEqual(names(run('m1 manual hs-b'), run('m2 manual hs-c')), ['pi', 'ucr']);
  t.deepEqual(names(), []);
});

test('who a failover names, and which mirrors', (t) => {
  t.is(announcedVm(run('f1 failover hs-a 10.0.1.100')), vmId('hs-a'));
  t.is(announcedVm(run('s1 sweep')), undefined);
  t.deepEqual(announcedFrontends(run('f1 failover hs-a 10.0.1.100'), survey).map(shortName), ['ucr']);
  t.deepEqual(announcedFrontends(run('f1 failover hs-gone'), survey), []);
});
