import test from 'ava';
import { survey } from '../../shared/evaluate/survey.ts';
import {
  type EstateReading,
  type Heard,
  LEFT_OUT,
  type Surrounding,
  type Unread,
} from '../../shared/model/estateReading.ts';
import { type IdKey, idKey } from '../../shared/model/ids.ts';
import {
  type Lock,
  NO_SURROUNDINGS,
  type SecurityRule,
  SURROUNDING_ACTIONS,
  type Surroundings,
} from '../../shared/model/surroundings.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { type Assessment, assessmentOf, judged } from '../../shared/views/assessment.ts';
import { assessmentCsv } from '../../shared/views/assessmentCsv.ts';
import {
  observedOf as bare,
  estate,
  healthOf,
  ilb,
  lbId,
  mirror,
  networkId,
  nicId,
  pair,
  SCOPE,
  SUBSCRIPTION,
  vm,
  vmId,
} from '../helpers/estate.ts';
import { knowing } from '../helpers/looked.ts';

const observedOf = (topology: Topology, fields: Partial<EstateReading> = {}): EstateReading =>
  bare(topology, { health: healthOf(topology, { ucr: ['a1'] }), ...fields });

const of = (observed: EstateReading, lost?: IdKey): Assessment => {
  const request = { scope: SCOPE, filter: { resourceGroups: [], loadBalancers: [] }, ...(lost ? { lost } : {}) };
  return assessmentOf(observed, judged(observed, request), request);
};

const states = ({ paths }: Assessment): string[] =>
  paths.map(({ vm: name, state, exposure }) => `${name} ${state} ${exposure}`);
const heard = (word: Heard): ReadonlyMap<IdKey, Heard> =>
  new Map(['a', 'b'].map((name): [IdKey, Heard] => [idKey(vmId(name)), word]));

test('nothing of the fix is known on a primary: exposed now; on the other member: after a failover', (t) => {
  const report = of(observedOf(mirror()));
  t.deepEqual(states(report), ['a exposed active', 'b exposed latent']);
  t.is(report.result.exitCode, 2);
  t.like(report.counts, { exposedNow: 1, blocked: 0, mirrors: 1, vms: 2 });
});

test('what could not be read is unknown and never exposed', (t) => {
  for (const word of ['unread', 'other-plan', 'no-report', 'report'] as const) {
    const report = of(observedOf(mirror(), { heard: heard(word) }));
    t.deepEqual(states(report), ['a unknown active', 'b unknown latent'], word);
    t.is(report.result.exitCode, 3);
  }
});

test('a member in a subscription that was not read is unknown; one that was deleted is not', (t) => {
  const elsewhere = mirror();
  const foreign = vmId('b').replace(SUBSCRIPTION, '00000000-0000-0000-0000-000000000009');
  elsewhere.vms = elsewhere.vms.filter(({ id }) => id !== vmId('b'));
  for (const nic of elsewhere.nics) if (nic.vmId === vmId('b')) nic.vmId = foreign;
  const { paths } = of(observedOf(elsewhere), undefined);
  t.deepEqual(
    paths.map(({ vm: name, state }) => `${name} ${state}`),
    ['a exposed'],
    'out of the scope of what was read: listed, not judged',
  );
  const gone = mirror();
  gone.vms = gone.vms.filter(({ id }) => id !== vmId('b'));
  t.deepEqual(states(of(observedOf(gone))), ['a exposed active', 'b exposed latent']);
});

test('a NIC in a subscription that was not read leaves the path unknown', (t) => {
  const topology = mirror();
  topology.nics = topology.nics.filter(({ id }) => !id.endsWith('/b2'));
  const [, b] = topology.vms;
  if (b)
    b.nicIds = b.nicIds.map((id) =>
      id.endsWith('/b2') ? id.replace(SUBSCRIPTION, '00000000-0000-0000-0000-000000000009') : id,
    );
  t.deepEqual(states(of(observedOf(topology))), ['a exposed active', 'b unknown latent']);
});

test('worst first: active, latent, what a person must help first, unknown', (t) => {
  const topology = estate(
    ...pair(),
    vm('c', { c1: '10.0.1.30' }),
    vm('d', { d1: '10.0.1.40', d2: '10.0.1.41' }),
    ilb('ucr', '10.0.1.100', ['a1', 'b1', 'c1', 'd1']),
  );
  const report = of(
    observedOf(topology, {
      health: healthOf(topology, { ucr: ['d1'] }),
      heard: new Map([[idKey(vmId('a')), 'unread']]),
    }),
  );
  t.deepEqual(states(report), ['d exposed active', 'b exposed latent', 'c exposed latent', 'a unknown latent']);
  t.deepEqual(
    report.findings.map(({ code, paths }) => [code, paths]),
    [['NO_SECONDARY_NIC', [{ vm: 'c', vip: '10.0.1.100' }]]],
  );
  t.is(report.counts.blocked, 1);
});

test('an estate without any frontend is exit code 0, and 3 when something was not read', (t) => {
  t.is(of(observedOf(estate(...pair()))).result.exitCode, 0);
  const unread: Unread[] = [
    { what: 'lists', id: `/subscriptions/${SUBSCRIPTION}`, action: 'x/read', code: 'AZURE_DENIED', text: 'no' },
  ];
  const report = of(observedOf(estate(...pair()), { unread }));
  t.is(report.result.exitCode, 3);
  t.like(report.unread[0], { name: 'Production', nextStep: 'Ask for a role with x/read there; Reader has it.' });
});

/** The pair with a security group on a's backend NIC, of which one rule ends what comes from its own via address. */
function ended(): { topology: Topology; surroundings: Surroundings; rule: string } {
  const topology = mirror();
  const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/n`;
  const rule = `${group}/securityRules/deny`;
  for (const nic of topology.nics) if (nic.id === nicId('a1')) nic.securityGroupId = group;
  const any = {
    sourcePorts: ['*'],
    destinations: ['*'],
    destinationPorts: ['*'],
    sourceGroups: [],
    destinationGroups: [],
  };
  const rules: SecurityRule[] = [
    { id: rule, priority: 100, direction: 'inbound', access: 'deny', protocol: 'tcp', sources: ['10.0.1.11'], ...any },
  ];
  return { topology, rule, surroundings: { ...NO_SURROUNDINGS, securityGroups: [{ id: group, rules }] } };
}

const pathOf = (report: Assessment, name: string) => report.paths.find(({ vm: own }) => own === name);

test('what Azure has in the way of an exposed path is shown with it, and a person comes first', (t) => {
  const { topology, surroundings, rule } = ended();
  const report = of(observedOf(topology, { surroundings }));
  t.is(report.result.exitCode, 2);
  t.like(pathOf(report, 'a'), { state: 'exposed', exposure: 'active', verdict: 'blocked' });
  t.like(pathOf(report, 'b'), { state: 'exposed', verdict: 'unknown' });
  t.is(report.counts.blocked, 1);
  t.like(report.findings[0], { code: 'SECURITY_RULE_ENDS', kind: 'ends', id: rule });
  t.deepEqual(report.findings[0]?.paths, [{ vm: 'a', vip: '10.0.1.100' }]);
  t.regex(assessmentCsv(report), /SECURITY_RULE_ENDS: A rule of a network security group/);
});

test('a path that was seen to connect, and that a rule ends by now, is not known; what forbids commands leaves it fixed', (t) => {
  const { topology, surroundings } = ended();
  const plans = survey(topology, SCOPE).plans;
  const knowledge = new Map([...plans].map(([key, { plan }]) => [key, knowing(plan)]));
  t.deepEqual(states(of(observedOf(topology, { knowledge }))), ['a fixed active', 'b fixed latent']);
  const report = of(observedOf(topology, { knowledge, surroundings }));
  t.deepEqual(states(report), ['a unknown active', 'b fixed latent']);
  t.is(report.result.exitCode, 3);

  const locks: Lock[] = [{ id: '/lock', scope: `/subscriptions/${SUBSCRIPTION}`, level: 'readonly' }];
  const locked = of(observedOf(topology, { knowledge, surroundings: { ...NO_SURROUNDINGS, locks } }));
  t.deepEqual(states(locked), ['a fixed active', 'b fixed latent']);
  t.is(locked.result.exitCode, 0);
  t.deepEqual(
    locked.findings.map(({ code, kind }) => [code, kind]),
    [
      ['LOCK_FORBIDS_COMMANDS', 'forbids'],
      ['LOCK_FORBIDS_HEALTH', 'note'],
    ],
  );
});

test('each list that may not be read: what cannot be told, and the right', (t) => {
  for (const [what, action] of Object.entries(SURROUNDING_ACTIONS)) {
    const row = {
      what: what as Surrounding,
      id: `/subscriptions/${SUBSCRIPTION}`,
      action,
      code: 'AZURE_DENIED',
      text: '',
    };
    const report = of(observedOf(estate(...pair()), { unread: [row] }));
    t.is(report.result.exitCode, 3);
    t.regex(
      report.unread[0]?.nextStep ?? '',
      /^Without it .*\. Ask for a role with Microsoft\.\S+\/read there; Reader has it\.$/,
    );
  }
});

test('what was left out on request says with which option it comes back', (t) => {
  const row = { id: lbId('ucr'), action: 'x', code: 'NOT_ASKED', text: LEFT_OUT };
  const stepOf = (what: Unread['what']) => of(observedOf(mirror(), { unread: [{ what, ...row }] })).unread[0]?.nextStep;
  t.is(stepOf('health'), 'Leave --no-health away.');
  t.is(stepOf('report'), 'Leave --no-reports away.');
  t.regex(stepOf('securityGroups') ?? '', /Leave --no-preconditions away\.$/);
});

test('the loss of a VM in names', (t) => {
  const { ifLost } = of(observedOf(mirror()), idKey(vmId('a')));
  t.deepEqual(ifLost, {
    vm: 'a',
    moves: [{ frontend: 'ucr', vip: '10.0.1.100', to: ['b'] }],
    sharing: [],
    failing: [{ vm: 'b', frontend: 'ucr', vip: '10.0.1.100' }],
  });
});

test('CSV: no name is a formula', (t) => {
  const topology = mirror();
  const report = of(
    observedOf(topology, {
      unread: [{ what: 'health', id: lbId('ucr'), action: 'x/action', code: 'AZURE_FAILED', text: '=cmd()' }],
    }),
  );
  const [first] = report.paths;
  if (first) first.vm = '=HYPERLINK("x")';
  const csv = assessmentCsv(report);
  t.regex(csv, /"'=HYPERLINK/);
});

test('what no list tells is a row of its own, with its networks and where to look, and changes no exit code', (t) => {
  const report = of(observedOf(mirror()));
  t.deepEqual(
    report.notTold.map(({ code, ids }) => [code, ids]),
    [
      ['SECURITY_ADMIN_RULES', [networkId()]],
      ['AZURE_POLICY', [`/subscriptions/${SUBSCRIPTION}`]],
    ],
  );
  const [rules] = report.notTold;
  t.regex(rules?.nextStep ?? '', /listNetworkManagerEffectiveSecurityAdminRules\/action, which Reader lacks/);
  t.is(report.unread.length, 0);
  t.regex(assessmentCsv(report), /notTold,.*SECURITY_ADMIN_RULES: .*virtualNetworks\/vnet/);
  t.deepEqual(of(observedOf(estate())).notTold, [], 'nothing to tell of');
  t.is(of(observedOf(estate())).result.exitCode, 0);
});
