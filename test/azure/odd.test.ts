/**
 * Any property of any answer may be null, missing or of another type: nothing throws, the resource is noted, and every
 * other resource is read as if nothing had been.
 */
import test from 'ava';
import fc from 'fast-check';
import { mapAgent } from '../../shared/azure/agent.ts';
import { mapLoadBalancers } from '../../shared/azure/loadBalancer.ts';
import { mapNics } from '../../shared/azure/nic.ts';
import { Notes } from '../../shared/azure/notes.ts';
import { mapRuleHealth } from '../../shared/azure/ruleHealth.ts';
import { mapCommand } from '../../shared/azure/runCommand.ts';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { mapVms } from '../../shared/azure/vm.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { loadBalancerResource } from '../../simulator/arm/shapes/loadBalancer.ts';
import { instanceView, vmResource, vmStatus } from '../../simulator/arm/shapes/vm.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { evaluate } from '../helpers/evaluate.ts';
import { changed, type Json, kindOf, OTHERS, type Path, places, valueAt } from '../helpers/odd.ts';
import { parameters } from '../helpers/seed.ts';
import { SETTINGS } from '../helpers/world.ts';
import { sample } from '../samples.ts';
import { withArm } from '../simulator/arm/withArm.ts';

const estate = articleEstate();
const plain = <T>(value: T): Json => JSON.parse(JSON.stringify(value)) as Json;
const lists = {
  vms: [...estate.vms.map((vm) => plain(vmResource(estate, vm, true)))],
  status: [...estate.vms.map((vm) => plain(vmStatus(estate, vm)))],
  nics: [sample('nic_get') as Json, { ...(sample('nic_get') as object), id: '/second' } as Json],
  loadBalancers: [
    ...estate.loadBalancers.map((lb) => plain(loadBalancerResource(estate, lb))),
    { ...(sample('lb_get') as object), id: '/second' } as Json,
  ],
};
type Lists = typeof lists;

function topologyOf(given: { [K in keyof Lists]: Json }): Topology {
  const notes = new Notes();
  return {
    subscriptionId: estate.subscriptionId,
    vms: mapVms(given.vms as Json[], given.status as Json[], notes),
    nics: mapNics(given.nics as Json[], notes),
    loadBalancers: mapLoadBalancers(given.loadBalancers as Json[], notes),
    notes: notes.list,
  };
}

/** What is made of it, all the way. */
const evaluated = (topology: Topology) =>
  evaluate({ topology, scope: SETTINGS.scope, health: new Map(), knowledge: new Map(), now: 0 });

const whole = topologyOf(lists);

test('the lists as they are leave no note', (t) => {
  t.deepEqual(whole.notes, []);
});

for (const list of Object.keys(lists) as (keyof Lists)[]) {
  const [first] = lists[list];
  const paths = [...places(first as Json)];
  test(`${list}: each of ${paths.length} properties, null, missing or of another type`, (t) => {
    for (const path of paths) {
      for (const to of OTHERS) {
        const what = `${path.join('.')} = ${JSON.stringify(to)}`;
        const topology = topologyOf({ ...lists, [list]: [changed(first as Json, path, to), ...lists[list].slice(1)] });
        evaluated(topology);
        for (const kind of ['vms', 'nics', 'loadBalancers'] as const) {
          const touched = kind === list || (kind === 'vms' && list === 'status');
          t.deepEqual(
            topology[kind].slice(touched ? -whole[kind].length + 1 : 0),
            whole[kind].slice(touched ? 1 : 0),
            what,
          );
          // Without its id a resource is nothing; with any other property odd it is there all the same.
          if (path.join() !== 'id' && kind === list) t.is(topology[kind].length, whole[kind].length, what);
        }
        const isOdd = to !== undefined && to !== null && kindOf(to) !== kindOf(valueAt(first as Json, path));
        const { notes: _now, ...now } = topology;
        const { notes: _then, ...then } = whole;
        if (isOdd && JSON.stringify(now) !== JSON.stringify(then))
          t.true(topology.notes.length > 0, `${what}: no note`);
      }
    }
  });
}

test('many odd properties at once, in all lists', (t) => {
  const arbitrary = fc.record(
    Object.fromEntries(
      (Object.keys(lists) as (keyof Lists)[]).map((list) => [
        list,
        fc.array(
          fc.record({
            place: fc.constantFrom(...places(lists[list] as Json)),
            to: fc.oneof(fc.constantFrom(...OTHERS), fc.jsonValue() as fc.Arbitrary<Json>),
          }),
          { maxLength: 6 },
        ),
      ]),
    ) as Record<keyof Lists, fc.Arbitrary<{ place: Path; to: Json | undefined }[]>>,
  );
  const check = (changes: Record<keyof Lists, { place: Path; to: Json | undefined }[]>): void => {
    const given: { [K in keyof Lists]: Json } = { ...lists };
    for (const list of Object.keys(lists) as (keyof Lists)[]) {
      for (const { place, to } of changes[list]) {
        if (valueAt(given[list], place) !== undefined) given[list] = changed(given[list], place, to);
      }
    }
    evaluated(topologyOf(given));
  };
  fc.assert(fc.property(arbitrary, check), parameters(500));
  t.pass();
});

const single: [string, Json, (value: unknown) => unknown][] = [
  ['an instance view', plain(instanceView(estate.vms[0] as never)), mapAgent],
  ['an instance view of the specification', sample('vm_instanceview') as Json, mapAgent],
  ['rule health', sample('lb_rule_health')['200'] as Json, mapRuleHealth],
  ['a command', commandSample(), (value) => mapCommand('A', value)],
];
for (const [what, value, map] of single) {
  test(`${what}: each property, null, missing or of another type`, (t) => {
    for (const path of places(value)) for (const to of OTHERS) t.notThrows(() => map(changed(value, path, to)));
    for (const to of OTHERS) t.notThrows(() => map(to));
  });
}

function commandSample(): Json {
  const { get, expand_instanceView } = sample('runcommand_v2_get');
  return { ...get, properties: { ...get.properties, ...expand_instanceView.properties } };
}

test('nulls in the lists of a real reading: one note each, and nothing is lost', async (t) => {
  const { arm, clients, estate: served } = await withArm(t);
  const nulls = (call: 'listVms' | 'listLoadBalancers' | 'listNics', edit: (items: Record<string, never>[]) => void) =>
    arm.fault({
      match: { call },
      times: Infinity,
      kind: { edit: (body) => edit(body.value as Record<string, never>[]) },
    });
  nulls('listVms', (items) => {
    Object.assign(items[0]?.properties ?? {}, {
      storageProfile: { osDisk: { osType: null } },
      networkProfile: { networkInterfaces: 7 },
    });
  });
  nulls('listLoadBalancers', (items) => {
    const { loadBalancingRules, probes } = (
      items[0] as unknown as { properties: Record<string, { properties: object }[]> }
    ).properties;
    Object.assign(loadBalancingRules?.[0]?.properties ?? {}, { protocol: null });
    Object.assign(probes?.[0]?.properties ?? {}, { protocol: null, port: '52773' });
  });
  nulls('listNics', (items) => {
    Object.assign(items[1]?.properties ?? {}, { ipConfigurations: 'none' });
  });
  const { vms, nics, loadBalancers, notes } = await createTopologyReader(clients).read(served.subscriptionId);
  t.deepEqual([vms.length, nics.length, loadBalancers.length], [3, 5, 1]);
  t.is(vms[0]?.os, 'unknown');
  t.is(loadBalancers[0]?.rules.length, served.loadBalancers[0]?.rules.length);
  t.deepEqual(notes.map((note) => note.text).sort(), [
    'properties.ipConfigurations is "none", and a list was expected',
    'properties.networkProfile.networkInterfaces is 7, and a list was expected',
    'properties.port is "52773", and a whole number was expected',
  ]);
});
