import test from 'ava';
import { type IdKey, idKey } from '../../shared/model/ids.ts';
import type { Heard, Observed, Unread } from '../../shared/model/observed.ts';
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
  pair,
  SCOPE,
  SUBSCRIPTION,
  vm,
  vmId,
} from '../helpers/estate.ts';

const observedOf = (topology: Topology, fields: Partial<Observed> = {}): Observed =>
  bare(topology, { health: healthOf(topology, { ucr: ['a1'] }), ...fields });

const of = (observed: Observed, lost?: IdKey): Assessment => {
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
