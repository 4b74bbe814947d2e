import test from 'ava';
import fc from 'fast-check';
import type { EstateReading } from '../../shared/model/estateReading.ts';
import { type IdKey, idKey, parseResourceId } from '../../shared/model/ids.ts';
import type { VmKnowledge } from '../../shared/model/path.ts';
import type { SecurityRule, Surroundings } from '../../shared/model/surroundings.ts';
import { type Assessment, assessmentOf, judged } from '../../shared/views/assessment.ts';
import { mask } from '../../shared/views/mask.ts';
import { disguised, draws, worldOf } from '../helpers/arbitraryEstate.ts';
import {
  estate,
  healthOf,
  ilb,
  mirror,
  NOW,
  networkId,
  nicId,
  observedOf,
  PORT,
  pair,
  SCOPE,
  subnetId,
  VIA,
  vm,
  vmId,
} from '../helpers/estate.ts';

const none = { resourceGroups: [], loadBalancers: [] };
const assessed = (observed: EstateReading, scope = SCOPE, filter: typeof none = none): Assessment => {
  const request = { scope, filter };
  return assessmentOf(observed, judged(observed, request), request);
};

/** What must not depend on names. */
const shape = ({ paths, result, counts, listed }: Assessment) => ({
  paths: paths.map(({ state, exposure, share, vip, verdict, backends, via, port, findings }) => ({
    state,
    exposure,
    share,
    vip,
    verdict,
    backends,
    via,
    port,
    codes: findings.map(({ code }) => code),
  })),
  result,
  counts,
  listed: listed.map(({ code }) => code),
});

test('whatever the estate: the same judgement, and no id of it', (t) => {
  fc.assert(
    fc.property(draws, fc.boolean(), (draw, isDisguised) => {
      const world = isDisguised ? disguised(worldOf(draw), draw) : worldOf(draw);
      const observed = observedOf(world.topology, { health: world.health });
      const masked = mask(observed, world.scope, none);
      t.deepEqual(shape(assessed(masked.observed, masked.scope)), shape(assessed(observed, world.scope)));
      const text = JSON.stringify([assessed(masked.observed, masked.scope), masked.observed.topology]).toLowerCase();
      for (const id of [...world.topology.vms, ...world.topology.nics, ...world.topology.loadBalancers].map(
        (it) => it.id,
      )) {
        if (parseResourceId(id) && text.includes(idKey(id))) throw new Error(id);
      }
    }),
    { numRuns: 300 },
  );
});

test('every kind of text is hidden: tags, notes, Azure’s words, what a guest named, paths of probes, groups', (t) => {
  const secret = 'zzsecret';
  const topology = mirror({ tags: { ...PORT(`1972 ${secret}`), [secret]: secret } });
  const [a, b] = topology.vms;
  if (a && b) Object.assign(a.tags, { owner: secret, [SCOPE.containerTag]: secret });
  for (const { probes } of topology.loadBalancers)
    for (const probe of probes) probe.path = `/${secret}/mirror_status.cxw`;
  topology.notes.push({ id: vmId(secret), text: `osType is "${secret}", which is not known` });
  topology.nics.push({ ...(topology.nics[0] as (typeof topology.nics)[0]), id: `/weird ${secret}` });
  const place = { where: `nftables (table inet ${secret})`, rule: `nft add rule inet ${secret}` };
  const known: VmKnowledge = {
    proofs: {},
    held: false,
    findings: [],
    look: {
      at: NOW,
      planHash: '',
      report: {
        schema: 1,
        commandId: '',
        os: 'linux',
        mode: 'check',
        changed: 0,
        warnings: [`x ${secret}`],
        errorCode: 'BUSY',
        errorDetail: secret,
        paths: [
          {
            vip: '10.0.1.100',
            before: [],
            after: [],
            proof: 'none',
            connectBefore: { outcome: 'timeout', ms: 1 },
            connectAfter: { outcome: 'timeout', ms: 1 },
            lost: { packet: 'request-in', places: [place], replyPlaces: [place], unread: [] },
          },
        ],
      },
    },
  };
  const observed = observedOf(topology, {
    health: healthOf(topology, { ucr: ['a1'] }),
    knowledge: new Map([[idKey(vmId('a')), known]]),
    unread: [
      {
        what: 'report',
        id: vmId(secret),
        name: `Subscription ${secret}`,
        action: 'x/read',
        code: 'AZURE_DENIED',
        text: `The client '${secret}' may not`,
      },
    ],
  });
  const scope = { ...SCOPE, portTag: SCOPE.portTag, viaTag: secret };
  const masked = mask(observed, scope, { resourceGroups: ['RG'], loadBalancers: ['UCR'] });
  const text = JSON.stringify([
    [...masked.observed.knowledge],
    [...masked.observed.health],
    masked.observed.topology,
    masked.observed.unread,
    masked.scope,
    masked.filter,
    masked.observed.subscriptions,
    assessed(masked.observed, masked.scope, masked.filter as typeof none),
  ]);
  t.notRegex(text, new RegExp(secret, 'i'));
  t.notRegex(text, /Production/);
  t.is(
    assessed(masked.observed, masked.scope, masked.filter as typeof none).counts.paths,
    2,
    'the filter still means the same',
  );
});

test('what stands around: masked alike, and the same is found in the way', (t) => {
  const secret = 'zzsecret';
  const topology = estate(
    vm('c', { c1: '10.0.1.30' }, { size: 'Standard_X', location: secret }),
    ...pair(),
    ilb('ucr', '10.0.1.100', ['a1', 'b1', 'c1']),
  );
  const at = (type: string) => vmId(secret).replace('Microsoft.Compute/virtualMachines', `Microsoft.Network/${type}`);
  const [nsg, table, asg] = [at('networkSecurityGroups'), at('routeTables'), at('applicationSecurityGroups')];
  for (const { id, ipConfigurations, ...nic } of topology.nics) {
    if (id !== nicId('a1')) continue;
    const [ip] = ipConfigurations;
    if (ip) ip.applicationGroupIds = [asg];
    topology.nics[topology.nics.findIndex((one) => one.id === id)] = {
      id,
      ipConfigurations,
      ...nic,
      securityGroupId: nsg,
    };
  }
  const rule = (name: string, fields: Partial<SecurityRule>): SecurityRule => ({
    ...{ id: `${nsg}/securityRules/${name}`, priority: 100, direction: 'inbound', access: 'deny', protocol: '*' },
    ...{ sources: ['*'], sourcePorts: ['*'], destinations: [], destinationPorts: ['*'] },
    ...{ sourceGroups: [], destinationGroups: [asg] },
    ...fields,
  });
  const surroundings: Surroundings = {
    networks: [{ id: networkId(), prefixes: ['10.0.0.0/16'], subnets: [{ id: subnetId(), routeTableId: table }] }],
    securityGroups: [
      {
        id: nsg,
        rules: [rule('zzsecret-1', { destinationPorts: ['1972'] }), rule('zzsecret-2', { sources: [secret] })],
      },
    ],
    routeTables: [
      { id: table, routes: [{ id: `${table}/routes/${secret}`, prefix: '10.0.1.0/24', hop: 'virtualappliance' }] },
    ],
    locks: [
      { id: `${vmId('a')}/providers/Microsoft.Authorization/locks/${secret}`, scope: vmId('a'), level: 'readonly' },
    ],
    sizes: [{ name: 'Standard_X', location: secret, nics: 1 }],
    agents: new Map([[idKey(vmId('b')), { status: 'Not Ready' }]]),
  };
  const unread: EstateReading['unread'] = [
    { what: 'routeTables', id: table, action: 'x/read', code: 'NOT_LISTED', text: 'It is named.' },
    { what: 'locks', id: vmId('a'), action: 'x/read', code: 'AZURE_DENIED', text: `The client '${secret}' may not` },
  ];
  const observed = observedOf(topology, { surroundings, unread });
  const masked = mask(observed, SCOPE, none);
  const report = assessed(masked.observed, masked.scope);
  t.deepEqual(shape(report), shape(assessed(observed)));
  const codes = new Set(report.paths.flatMap(({ findings }) => findings.map(({ code }) => code)));
  for (const code of [
    'SECURITY_RULE_ENDS',
    'ROUTE_BENDS',
    'LOCK_FORBIDS_COMMANDS',
    'SIZE_TAKES_NO_NIC',
    'AGENT_NOT_READY',
  ]) {
    t.true(codes.has(code), code);
  }
  t.notRegex(JSON.stringify([report, masked.observed.surroundings]), new RegExp(`${secret}|resourceGroups/rg/`, 'i'));
});

test('a choice that falls by name falls the same way with more than nine of a kind', (t) => {
  const nics = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`n${n}`, `10.0.1.${n + 10}`]));
  const topology = estate(...pair(), vm('c', nics), ilb('ucr', '10.0.1.100', ['a1', 'b1', 'n3']));
  const masked = mask(observedOf(topology), SCOPE, none);
  const viaOf = (report: Assessment) => report.paths.map(({ via }) => via);
  t.deepEqual(viaOf(assessed(masked.observed, masked.scope)), viaOf(assessed(observedOf(topology))));
});

test('a tag that means something still does', (t) => {
  const topology = estate(
    vm('a', { a1: '10.0.1.10', a2: '10.0.1.11', a3: '10.0.1.12' }),
    ilb('ucr', '10.0.1.100', ['a1']),
  );
  const [, , third] = topology.nics;
  if (third) third.tags = { 'acme-via': 'yes' };
  const scope = { ...SCOPE, viaTag: 'acme-via' };
  const masked = mask(observedOf(topology), scope, none);
  t.is(assessed(masked.observed, masked.scope).paths[0]?.via, '10.0.1.12');
  t.deepEqual(Object.keys(VIA), [masked.scope.viaTag]);
});

test('ids in other letter case are the same after as before', (t) => {
  const { maskId } = mask(observedOf(mirror()), SCOPE, none);
  t.is(idKey(maskId(vmId('a').toUpperCase())), idKey(maskId(vmId('a'))) as IdKey);
  t.not(idKey(maskId(vmId('a'))), idKey(maskId(vmId('b'))));
});
