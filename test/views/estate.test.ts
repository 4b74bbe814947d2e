/** The estate as the page draws it: groups, states, primaries, forecast, findings. */
import test from 'ava';
import { idKey } from '../../shared/model/ids.ts';
import { estateView, stateOf } from '../../shared/views/estate.ts';
import { estateSchema, type GroupView } from '../../shared/views/estateSchema.ts';
import { estate, healthOf, ilb, NOW, pair, vm, vmId } from '../helpers/estate.ts';
import { dense, hospital, sampleOf } from '../page/samples.ts';

/** Each VM's states by VIP, as `hs-a: set .100, ...`. */
const rows = (group: GroupView): string[] =>
  group.vms.map(
    ({ name, paths }) =>
      `${name}: ${paths.map(({ state, frontend }) => `${state} ${group.frontends[frontend]?.vip.slice(6)}`).join(', ')}`,
  );

test('three mirrors on three VMs: one group, the worst VM first, who is primary, what comes of each loss', (t) => {
  const { view } = hospital();
  estateSchema.parse(JSON.parse(JSON.stringify(view)));
  t.is(view.groups.length, 1);
  const [group] = view.groups as [GroupView];
  t.deepEqual(rows(group), [
    'hs-c: failing .100, blocked .102',
    'hs-a: proved .100, proved .101, exposed .102',
    'hs-b: set .100, set .101, proved .102',
  ]);
  t.deepEqual(
    group.frontends.map(({ name, primary = -1 }) => `${name} ${group.vms[primary]?.name}`),
    ['ucr-registry hs-c', 'patient-index hs-a', 'health-insight hs-b'],
  );
  t.deepEqual(
    group.loadBalancers.map(({ name }) => name),
    ['healthshare-ilb'],
  );
  t.is(group.state, 'failing');
  const { states: _, ...counts } = view.counts;
  t.deepEqual(counts, { vms: 3, frontends: 3, mirrors: 3, paths: 8 });
  const [c, a, b] = group.vms;
  t.deepEqual(c?.nics, [{ name: 'hs-c-nic1', addresses: ['10.0.1.30'], role: 'pool' }]);
  t.deepEqual(
    a?.nics.map(({ role }) => role),
    ['pool', 'via'],
  );
  t.deepEqual(a?.paths[0], {
    frontend: 0,
    state: 'proved',
    exposure: 'latent',
    verdict: 'compliant',
    proof: { kind: 'self', at: '2025-12-31T22:00:00.000Z', saw: ['10.0.1.10:1972'] },
    backends: ['10.0.1.10'],
    via: '10.0.1.11',
    port: 1972,
    findings: [],
  });
  // Health Insight may go to hs-c, which has no second NIC, or to hs-a, which has drifted.
  t.deepEqual(b?.ifLost?.moves, [{ frontend: 2, to: [1, 0] }]);
  t.deepEqual(
    b?.ifLost?.failing
      .map(({ vm: at, frontend }) => `${group.vms[at]?.name} ${group.frontends[frontend]?.name}`)
      .sort(),
    ['hs-a health-insight', 'hs-c health-insight', 'hs-c ucr-registry'],
  );
  t.deepEqual(
    c?.paths[0]?.findings.map((at) => view.findings[at]?.code),
    ['NO_SECONDARY_NIC'],
  );
});

test('what no path joins is a group of its own; the worst group comes first', (t) => {
  const listed = estate(
    ...pair(),
    vm('c', { c1: '10.0.1.30' }),
    vm('d', { d1: '10.0.1.40' }),
    ilb('ucr', '10.0.1.100', ['a1', 'b1']),
    ilb('pix', '10.0.1.101', ['b1']),
    ilb('far', '10.0.1.102', ['c1', 'd1']),
  );
  const { view } = sampleOf(listed, healthOf(listed, { far: ['c1'] }), () => new Map());
  t.deepEqual(
    view.groups.map(({ state, frontends, vms }) => [state, frontends.map(({ name }) => name).join(), vms.length]),
    [
      ['failing', 'far', 2],
      ['unknown', 'ucr,pix', 2],
    ],
  );
});

test('the word for a path', (t) => {
  const word = (exposure: 'active' | 'latent' | 'none', verdict: 'compliant' | 'repairable' | 'blocked' | 'unknown') =>
    stateOf({ exposure, verdict, proof: { kind: 'remote', at: NOW } });
  t.deepEqual(
    (['compliant', 'repairable', 'blocked', 'unknown'] as const).map((verdict) => [
      word('active', verdict),
      word('latent', verdict),
      word('none', verdict),
    ]),
    [
      ['set', 'set', 'safe'],
      ['failing', 'exposed', 'safe'],
      ['failing', 'blocked', 'safe'],
      ['unknown', 'unknown', 'safe'],
    ],
  );
  t.is(stateOf({ exposure: 'latent', verdict: 'compliant', proof: { kind: 'self', at: NOW } }), 'proved');
});

test('commands on their way, holds and halts are told', (t) => {
  const { data } = hospital();
  const [frontend] = data.evaluation.frontends;
  const view = estateView(
    {
      ...data,
      vms: new Map([
        [idKey(vmId('hs-a')), { command: { mode: 'apply', intendedAt: NOW } as never, hold: { runId: '0', at: NOW } }],
      ]),
      frontends: new Map([
        [frontend?.key as never, { primarySince: NOW, halted: { vmId: vmId('hs-b'), runId: 'abc', at: NOW } }],
      ]),
      observed: {
        ...data.observed,
        unread: [
          { what: 'lists', id: '/subscriptions/x', action: 'Microsoft.Network/read', code: 'AZURE_DENIED', text: 'no' },
        ],
      },
    },
    'audit',
  );
  const [group] = view.groups;
  const a = group?.vms.find(({ name }) => name === 'hs-a');
  t.like(a, { held: true, command: { mode: 'apply', since: '2026-01-01T00:00:00.000Z' } });
  t.like(group?.frontends[0], { halted: { vm: 'hs-b', run: 'abc' }, primarySince: '2026-01-01T00:00:00.000Z' });
  t.is(view.unread[0]?.code, 'AZURE_DENIED');
  t.is(view.enforcement, 'audit');
});

test('500 VMs behind 64 VIPs: every path is there', (t) => {
  const { view } = dense(500, 64);
  t.is(view.groups.length, 1);
  t.is(view.counts.paths, 32_000);
  t.is(
    view.groups[0]?.vms.reduce((sum, { paths }) => sum + paths.length, 0),
    32_000,
  );
  t.log(`${Math.round(JSON.stringify(view).length / 1024)} KiB`);
});
