/** What the mappers make of vendors' samples and of odd answers, read through the real SDKs. */
import test, { type ExecutionContext } from 'ava';
import { createAgentReader } from '../../shared/azure/agent.ts';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { Topology } from '../../shared/model/topology.ts';
import type { CallName } from '../../simulator/arm/actions.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { sample } from '../samples.ts';
import { withArm } from '../simulator/arm/withArm.ts';

type Item = Record<string, unknown>;
type Edit = (items: Item[]) => unknown;

/** Reads the article's estate with some lists' items edited. */
async function readEdited(t: ExecutionContext, edits: Partial<Record<CallName, Edit>>): Promise<Topology> {
  const { arm, clients, estate } = await withArm(t);
  for (const [call, edit] of Object.entries(edits)) {
    arm.fault({
      match: { call: call as CallName },
      times: Infinity,
      kind: {
        edit: (body) => {
          body.value = edit(body.value as Item[]) ?? body.value;
        },
      },
    });
  }
  return createTopologyReader(clients).read(estate.subscriptionId);
}

const properties = (item: Item | undefined): Item => item?.properties as Item;
const only = <T>(list: T[]): T => {
  if (list.length !== 1 || list[0] === undefined) throw new Error(`expected one, got ${list.length}`);
  return list[0];
};

test('a NIC as the specification’s example has it', async (t) => {
  const { nics, notes } = await readEdited(t, { listNics: () => [sample('nic_get')] });
  const nic = only(nics);
  t.is(nic.mac, '00:0d:3a:1b:c7:21');
  t.is(nic.vmId, '/subscriptions/subid/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/vm1');
  t.true(nic.primary);
  t.false(nic.ipForwarding);
  t.deepEqual(
    nic.ipConfigurations.map((ip) => [ip.address, ip.primary, ip.version]),
    [
      ['172.20.2.4', true, 'IPv4'],
      ['172.20.2.16', false, 'IPv4'],
    ],
    'the prefix length of the second is gone',
  );
  t.is(nic.ipConfigurations[0]?.poolIds.length, 1);
  t.deepEqual(notes, []);
});

test('a load balancer as the specification’s example has it', async (t) => {
  const { loadBalancers } = await readEdited(t, { listLoadBalancers: () => [sample('lb_get')] });
  const lb = only(loadBalancers);
  const id = '/subscriptions/subid/resourceGroups/rg1/providers/Microsoft.Network/loadBalancers/lb';
  const subnetId =
    '/subscriptions/subid/resourceGroups/rg1/providers/Microsoft.Network/virtualNetworks/vnetlb/subnets/subnetlb';
  t.deepEqual(lb, {
    id,
    sku: 'Basic',
    tags: {},
    frontends: [{ id: `${id}/frontendIPConfigurations/fe-lb`, address: '10.0.1.4', subnetId, version: 'IPv4' }],
    rules: [
      {
        id: `${id}/loadBalancingRules/rulelb`,
        frontendId: `${id}/frontendIPConfigurations/fe-lb`,
        poolIds: [`${id}/backendAddressPools/be-lb`],
        probeId: `${id}/probes/probe-lb`,
        protocol: 'tcp',
        frontendPort: 80,
        backendPort: 80,
        floatingIp: true,
      },
    ],
    probes: [
      {
        id: `${id}/probes/probe-lb`,
        protocol: 'http',
        port: 80,
        path: 'healthcheck.aspx',
        intervalSeconds: 15,
        threshold: 1,
      },
    ],
    pools: [{ id: `${id}/backendAddressPools/be-lb`, ipConfigurationIds: [], addresses: [] }],
  });
});

test('the agent as the specification’s example has it', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  arm.fault({
    match: { call: 'instanceView' },
    kind: { edit: (body) => Object.assign(body, sample('vm_instanceview')) },
  });
  const agents = createAgentReader(clients);
  t.deepEqual(await agents.read(vmId(estate, 'hs-a')), { status: 'Ready', version: '2.7.41491.949' });
  arm.changes.setAgent('hs-a', { status: 'Not Ready', version: '2.2.0' });
  t.deepEqual(await agents.read(vmId(estate, 'hs-a')), { status: 'Not Ready', version: '2.2.0' });
  await arm.changes.setPower('hs-a', 'deallocated');
  t.deepEqual(await agents.read(vmId(estate, 'hs-a')), {}, 'a VM that is off says nothing of its agent');
  t.is(await agents.read(vmId(estate, 'gone')), undefined);
  await t.throwsAsync(agents.read('/subscriptions/x'), { message: /vmId is "\/subscriptions\/x"/ });
});

test('words that are not known become unknown, with a note', async (t) => {
  const { vms, loadBalancers, notes } = await readEdited(t, {
    listVms: (items) => {
      const first = properties(items[0]);
      if (first.storageProfile) first.storageProfile = { osDisk: { osType: 'Plan9' } };
      if (first.instanceView) first.instanceView = { statuses: [{ code: 'PowerState/hibernated' }] };
    },
    listLoadBalancers: (items) => {
      const { loadBalancingRules, probes } = properties(items[0]) as Record<string, Item[]>;
      properties(loadBalancingRules?.[0]).protocol = 'Quic';
      properties(probes?.[0]).protocol = 'Icmp';
    },
  });
  t.like(vms[0], { os: 'unknown', power: 'unknown' });
  t.is(loadBalancers[0]?.rules[0]?.protocol, 'unknown');
  t.is(loadBalancers[0]?.probes[0]?.protocol, 'unknown');
  t.deepEqual(notes.map((note) => note.text).sort(), [
    'PowerState is "hibernated", which is not known',
    'properties.protocol is "Icmp", which is not known',
    'properties.protocol is "Quic", which is not known',
    'properties.storageProfile.osDisk.osType is "Plan9", which is not known',
  ]);
});

test('a VM that only one of the two lists holds', async (t) => {
  const lists = await readEdited(t, {
    listVms: (items) => (properties(items[0]).instanceView ? items.slice(1) : items.slice(0, 2)),
  });
  t.deepEqual(
    lists.vms.map((vm) => vm.power),
    ['unknown', 'running'],
  );
});

test('items without id, and null where Azure means nothing, are no reason to fail', async (t) => {
  const { vms, nics, loadBalancers, notes } = await readEdited(t, {
    listVms: (items) => [{ name: 'nameless' }, ...items.slice(0, 1).map(({ properties: _, ...rest }) => rest)],
    listNics: (items) => {
      properties(items[0]).ipConfigurations = null;
      delete properties(items[1]).macAddress;
      delete properties(items[1]).virtualMachine;
      properties(items[2]).ipConfigurations = [{ name: 'no id' }];
      (items[3] as Item).tags = null;
    },
    listLoadBalancers: (items) => {
      properties(items[0]).probes = null;
      const rules = properties(items[0]).loadBalancingRules as Item[];
      delete properties(rules[0]).frontendIPConfiguration;
    },
  });
  t.is(vms.length, 1);
  t.like(vms[0], { os: 'unknown', power: 'unknown', nicIds: [] });
  t.deepEqual(nics[0]?.ipConfigurations, []);
  t.is(nics[1]?.mac, undefined);
  t.is(nics[1]?.vmId, undefined);
  t.deepEqual(nics[2]?.ipConfigurations, []);
  t.deepEqual(nics[3]?.tags, {});
  t.is(loadBalancers[0]?.rules.length, 1);
  t.deepEqual(loadBalancers[0]?.probes, []);
  const texts = notes.map((note) => note.text);
  t.true(texts.includes('an item named "nameless" has no id and is left out'));
  t.true(texts.includes('an item named "no id" has no id and is left out'));
  t.true(texts.includes('the rule names no frontend and is left out'));
});

test('tags keep their letters, whatever the script', async (t) => {
  const tags = { Größe: 'naïve', 病院: 'みらい', 'ilb-hairpin-guard-via': 'true' };
  const { nics } = await readEdited(t, { listNics: (items) => items.slice(0, 1).map((item) => ({ ...item, tags })) });
  t.deepEqual(nics[0]?.tags, tags);
});

test('an address-based pool, and one whose members show as backend addresses alone', async (t) => {
  const { arm, clients, estate } = await withArm(t);
  arm.changes.writeLoadBalancer('healthshare-ilb', (lb) => {
    const [first] = lb.pools;
    if (first) Object.assign(first, { members: [], addresses: ['10.0.1.10', '10.0.1.20'] });
  });
  arm.fault({
    match: { call: 'listLoadBalancers' },
    kind: {
      edit: (body) => {
        const [lb] = body.value as Item[];
        delete properties((properties(lb).backendAddressPools as Item[])[1]).backendIPConfigurations;
      },
    },
  });
  const { loadBalancers } = await createTopologyReader(clients).read(estate.subscriptionId);
  const [byAddress, byName] = loadBalancers[0]?.pools ?? [];
  t.deepEqual(byAddress?.ipConfigurationIds, []);
  t.deepEqual(
    byAddress?.addresses.map(({ address, virtualNetworkId }) => [address, virtualNetworkId?.split('/').at(-1)]),
    [
      ['10.0.1.10', 'healthshare-vnet'],
      ['10.0.1.20', 'healthshare-vnet'],
    ],
  );
  t.is(byName?.ipConfigurationIds.length, 2);
  t.deepEqual(byName?.addresses, []);
});

test('the same member in two spellings is one member', async (t) => {
  const { loadBalancers } = await readEdited(t, {
    listLoadBalancers: (items) => {
      const pool = properties((properties(items[0]).backendAddressPools as Item[])[0]);
      const [first] = pool.backendIPConfigurations as { id: string }[];
      pool.backendIPConfigurations = [first, { id: first?.id.replace('/ipConfigurations/', '/IpConfigurations/') }];
      pool.loadBalancerBackendAddresses = [];
    },
  });
  const ids = loadBalancers[0]?.pools[0]?.ipConfigurationIds ?? [];
  t.is(ids.length, 1);
  t.is(new Set(ids.map(idKey)).size, 1);
});
