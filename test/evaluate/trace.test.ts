import test from 'ava';
import { judge } from '../../shared/evaluate/judge.ts';
import { packetEnds } from '../../shared/evaluate/packetEnds.ts';
import { survey, surveyed } from '../../shared/evaluate/survey.ts';
import { type ConnectionTrace, type Fix, outcomeOf, traceConnection } from '../../shared/evaluate/trace.ts';
import { idKey } from '../../shared/model/ids.ts';
import { NO_SURROUNDINGS, type SecurityRule, type Surroundings } from '../../shared/model/surroundings.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { traceStepText } from '../../shared/model/traceSteps.ts';
import {
  estate,
  frontendId,
  healthOf,
  ilb,
  mirror,
  NOW,
  networkId,
  nicId,
  pair,
  SCOPE,
  subnetId,
  vm,
  vmId,
} from '../helpers/estate.ts';

function traced(topology: Topology, up: string[] | undefined, from: string, fix?: Fix): ConnectionTrace {
  const surveyed = survey(topology, SCOPE);
  const health = up ? healthOf(topology, { ucr: up }) : new Map();
  const evaluation = judge(surveyed, health, new Map(), NOW);
  const trace = traceConnection(surveyed, evaluation, idKey(vmId(from)), idKey(frontendId('ucr')), fix);
  if (!trace) throw new Error('no trace');
  return trace;
}

const codes = ({ scenarios }: ConnectionTrace, which: 'asIs' | 'withFix' = 'asIs'): string[][] =>
  scenarios.map((scenario) => scenario[which].flatMap(({ steps }) => steps.map(({ code }) => code)));

test('without a fix: dead at home, alive after a failover', (t) => {
  const trace = traced(mirror(), ['a1'], 'a', 'none');
  t.deepEqual(
    trace.scenarios.map(({ failoverTo, asIs }) => [failoverTo, outcomeOf(asIs)]),
    [
      [undefined, 'fails'],
      ['b', 'works'],
    ],
  );
  t.deepEqual(codes(trace), [
    ['SENT_DEFAULT', 'TRANSLATED', 'OWN_SOURCE'],
    ['SENT_DEFAULT', 'TRANSLATED', 'ACCEPTED', 'REPLY_BY_WIRE', 'TRANSLATED_BACK'],
  ]);
  t.deepEqual(codes(trace, 'withFix')[0], ['SENT_VIA', 'TRANSLATED', 'ACCEPTED', 'REPLY_STEERED', 'TRANSLATED_BACK']);
  const [dies] = trace.scenarios[0]?.asIs[0]?.steps.slice(-1) ?? [];
  t.like(dies, { state: 'dies', direction: 'there' });
  t.is(dies && traceStepText(dies), 'It comes back to a with an address of a itself as its source, and a drops it.');
});

test('each step’s direction, and what is assumed', (t) => {
  const directions = (topology: Topology, fix: Fix) =>
    traced(topology, ['a1'], 'a', fix).scenarios.map(({ asIs }) => asIs[0]?.steps.map(({ direction }) => direction));
  t.deepEqual(directions(mirror(), 'whole'), [
    ['there', 'there', 'there', 'back', 'back'],
    ['there', 'there', 'there', 'back', 'back'],
  ]);
  t.deepEqual(directions(mirror(), 'route')[0], ['there', 'there', 'there', 'back']);
  const windows = mirror();
  for (const one of windows.vms) one.os = 'windows';
  const assumed = (topology: Topology, fix: Fix) =>
    traced(topology, ['a1'], 'a', fix).scenarios.map(({ asIs, withFix }) =>
      [asIs, withFix].map((traces) => traces[0]?.assumptions),
    );
  const byHand = ['DEFAULT_ROUTE', 'NO_FIX_BY_HAND', 'SERVER_LISTENS'];
  t.deepEqual(assumed(mirror(), 'none'), [
    [byHand, ['SERVER_LISTENS']],
    [byHand, ['SERVER_LISTENS']],
  ]);
  t.deepEqual(assumed(mirror(), 'whole')[0], [['REPORT_HOLDS', 'SERVER_LISTENS'], ['SERVER_LISTENS']]);
  t.deepEqual(assumed(windows, 'none')[0], [byHand, ['SERVER_LISTENS', 'STRONG_HOST']]);
  t.deepEqual(assumed(windows, 'whole'), [
    [
      ['REPORT_HOLDS', 'SERVER_LISTENS', 'STRONG_HOST'],
      ['SERVER_LISTENS', 'STRONG_HOST'],
    ],
    [['REPORT_HOLDS', 'SERVER_LISTENS'], ['SERVER_LISTENS']],
  ]);
});

test('the route alone: a reset on Linux, and enough on Windows', (t) => {
  const [reset] = traced(mirror(), ['a1'], 'a', 'route').scenarios[0]?.asIs ?? [];
  t.is(reset?.outcome, 'fails');
  t.like(reset?.steps.at(-1), { code: 'REPLY_BY_LOOPBACK', state: 'dies', direction: 'back' });
  const windows = mirror();
  for (const one of windows.vms) one.os = 'windows';
  const trace = traced(windows, ['a1'], 'a', 'route');
  t.deepEqual(codes(trace)[0], ['SENT_VIA', 'TRANSLATED', 'ACCEPTED', 'REPLY_STRONG_HOST', 'TRANSLATED_BACK']);
  t.true(trace.scenarios[0]?.asIs[0]?.assumptions.includes('STRONG_HOST'));
});

test('what Azure’s network ends for certain: a rule where it leaves or arrives, a route there or back', (t) => {
  const group = '/nsg';
  const rule = (fields: Partial<SecurityRule>): SecurityRule => ({
    ...{ id: '/nsg/deny', priority: 100, direction: 'inbound', access: 'deny', protocol: '*' },
    ...{ sources: ['*'], sourcePorts: ['*'], destinations: ['*'], destinationPorts: ['*'] },
    ...{ sourceGroups: [], destinationGroups: [] },
    ...fields,
  });
  const around = (fields: Partial<SecurityRule>, hop?: string): Surroundings => ({
    ...NO_SURROUNDINGS,
    securityGroups: [{ id: group, rules: hop === undefined ? [rule(fields)] : [] }],
    networks: [{ id: networkId(), prefixes: ['10.0.0.0/16'], subnets: [{ id: subnetId(), routeTableId: '/rt' }] }],
    routeTables:
      hop === undefined ? [] : [{ id: '/rt', routes: [{ id: '/rt/none', prefix: `${hop}/32`, hop: 'none' }] }],
  });
  const traceIn = (nic: string, surroundings: Surroundings): string[] => {
    const topology = mirror();
    for (const one of topology.nics) if (one.id === nicId(nic)) one.securityGroupId = group;
    const { survey: made, index } = surveyed(topology, SCOPE);
    const evaluation = judge(made, healthOf(topology, { ucr: ['a1'] }), new Map(), NOW);
    const ends = packetEnds(index, surroundings);
    const trace = traceConnection(made, evaluation, idKey(vmId('a')), idKey(frontendId('ucr')), 'none', ends);
    const [way] = trace?.scenarios[0]?.withFix ?? [];
    const last = way?.steps.at(-1);
    if (last?.state === 'dies') t.regex(traceStepText(last), /\/nsg\/deny|\/rt\/none/);
    if (last?.code !== 'TRANSLATED_BACK') t.is(last?.state, 'dies');
    t.is(way?.outcome, last?.state === 'dies' ? 'fails' : 'works');
    return way?.steps.map(({ code }) => code) ?? [];
  };
  t.deepEqual(traceIn('a2', around({ direction: 'outbound' })), ['SENT_VIA', 'ENDED_LEAVING']);
  t.deepEqual(traceIn('a1', around({ sources: ['10.0.1.11'] })), ['SENT_VIA', 'TRANSLATED', 'ENDED_ARRIVING']);
  t.deepEqual(traceIn('a1', around({}, '10.0.1.100')), ['SENT_VIA', 'ENDED_LEAVING']);
  t.deepEqual(traceIn('a1', around({}, '10.0.1.11')), [
    'SENT_VIA',
    'TRANSLATED',
    'ACCEPTED',
    'REPLY_STEERED',
    'ANSWER_ENDED',
  ]);
  t.is(
    traceIn('a2', around({ direction: 'outbound', destinations: ['10.0.1.100'] })).at(-1),
    'TRANSLATED_BACK',
    'unsure',
  );
  t.is(traceIn('a1', around({ sources: ['10.0.1.10'] })).at(-1), 'TRANSLATED_BACK', 'of another');
});

test('nothing known of the guest: no trace as it is, and the one with the fix', (t) => {
  const trace = traced(mirror(), ['a1'], 'a');
  t.deepEqual(codes(trace), [[], []]);
  t.is(outcomeOf(trace.scenarios[0]?.asIs ?? []), 'unknown');
  t.is(outcomeOf(trace.scenarios[0]?.withFix ?? []), 'works');
});

test('nobody known to be primary: now is not known, each failover is', (t) => {
  const trace = traced(mirror(), undefined, 'a', 'none');
  t.deepEqual(
    trace.scenarios.map(({ failoverTo, known, asIs }) => [failoverTo, known, outcomeOf(asIs)]),
    [
      [undefined, false, 'unknown'],
      ['a', true, 'fails'],
      ['b', true, 'works'],
    ],
  );
});

test('nobody healthy: it is not answered', (t) => {
  const trace = traced(mirror(), [], 'a', 'none');
  t.deepEqual(codes(trace)[0], ['SENT_DEFAULT', 'NOT_ANSWERED']);
  t.like(trace.scenarios[0]?.asIs[0], { outcome: 'fails', fix: 'none' });
  t.like(trace.scenarios[0]?.asIs[0]?.steps[1], { state: 'dies', direction: 'there' });
  t.false('target' in (trace.scenarios[0]?.asIs[0] ?? {}));
});

test('a pool with several healthy members: sometimes', (t) => {
  const [now] = traced(mirror(), ['a1', 'b1'], 'a', 'none').scenarios;
  t.is(outcomeOf(now?.asIs ?? []), 'sometimes');
  t.deepEqual(
    traced(mirror(), ['a1', 'b1'], 'a', 'none').scenarios.map(({ failoverTo }) => failoverTo),
    [undefined, 'a', 'b'],
    'either may become the only one',
  );
  t.deepEqual(
    now?.asIs.map(({ target, outcome }) => `${target} ${outcome}`),
    ['a fails', 'b works'],
  );
});

test('no secondary NIC: nothing to trace with the fix; a stopped member takes nothing over', (t) => {
  const topology = estate(
    ...pair(),
    vm('c', { c1: '10.0.1.30' }),
    vm('d', { d1: '10.0.1.40' }, { power: 'deallocated' }),
    ilb('ucr', '10.0.1.100', ['a1', 'b1', 'c1', 'd1']),
  );
  const trace = traced(topology, ['c1'], 'c', 'none');
  t.deepEqual(codes(trace, 'withFix'), [[], [], []]);
  t.is(outcomeOf(trace.scenarios[0]?.asIs ?? []), 'fails');
  t.deepEqual(
    trace.scenarios.map(({ failoverTo }) => failoverTo),
    [undefined, 'a', 'b'],
  );
  t.deepEqual(trace.stopped, ['d']);
});

test('the port that the rule leads to; with HA ports the same', (t) => {
  const other = mirror({ rules: [{ backendPort: 51773 }] });
  t.is(traced(other, ['b1'], 'a', 'none').scenarios[0]?.asIs[0]?.steps[1]?.params.port, '51773');
  const several = mirror({
    rules: [
      { frontendPort: 443, backendPort: 8443 },
      { frontendPort: 1972, protocol: 'udp', backendPort: 5140 },
      { frontendPort: 1972, backendPort: 51773 },
    ],
  });
  t.is(traced(several, ['b1'], 'a', 'none').scenarios[0]?.asIs[0]?.steps[1]?.params.port, '51773', 'of several rules');
  t.like(traced(several, ['b1'], 'a', 'none'), {
    vm: 'a',
    vip: '10.0.1.100',
    frontend: 'ucr',
    port: 1972,
    fix: 'none',
  });
  const all = mirror({ rules: [{ protocol: 'all' }] });
  t.is(traced(all, ['b1'], 'a', 'none').scenarios[0]?.asIs[0]?.steps[1]?.params.port, '1972');
});

test('every text is filled in', (t) => {
  for (const fix of ['none', 'route', 'whole'] as const) {
    for (const up of [['a1'], ['b1'], []]) {
      for (const { asIs, withFix } of traced(mirror(), up, 'a', fix).scenarios) {
        for (const { steps } of [...asIs, ...withFix])
          for (const step of steps) t.notRegex(traceStepText(step), /[{}]/);
      }
    }
  }
});

test('what is no path has no trace', (t) => {
  const surveyed = survey(mirror(), SCOPE);
  const evaluation = judge(surveyed, new Map(), new Map(), NOW);
  t.is(traceConnection(surveyed, evaluation, idKey(vmId('z')), idKey(frontendId('ucr')), 'none'), undefined);
  t.is(traceConnection(surveyed, evaluation, idKey(vmId('a')), idKey(frontendId('z')), 'none'), undefined);
});
