/** Azure's side of the booted lab, in the lab's own network namespace: one fabric for all guests, which never meet. */
import { ip, nft, settings } from '../../simulator/guests/kernel/commands.ts';
import { readCounters } from '../../simulator/guests/kernel/counters.ts';
import { fabricSettings, linkSettings, plugLines } from '../../simulator/guests/kernel/network.ts';
import { baseRuleset, translations } from '../../simulator/guests/kernel/ruleset.ts';
import type { Layout, LayoutGuest, LayoutNic } from '../../simulator/guests/layout.ts';
import { type Addresses, addressesOf } from './managers/spec.ts';
import { backendPort, PERSON, PORT } from './ports.ts';

/** A guest's place on the fabric. */
export interface Place {
  name: string;
  addresses: Addresses;
  layout: LayoutGuest;
}

export function placeOf(name: string, number: number): Place {
  const addresses = addressesOf(number);
  const nics = [addresses.backend, addresses.via].map(
    (nic, index): LayoutNic => ({
      name: `eth${index}`,
      device: `eth${index}`,
      link: `v${number}x${index}`,
      mac: nic.mac,
      addresses: [nic.ip],
      ipForwarding: false,
      sourceRouted: false,
    }),
  );
  return { name, addresses, layout: { vm: name, os: 'linux', running: true, rpFilter: 1, nics, instances: [] } };
}

/** All VIPs of the fabric, in the order of its counters. */
let everyVip: string[] = [];

/** Makes the fabric: an ILB that translates each VIP to its backend address, and guards against spoofing on each NIC. */
export async function makeFabric(places: Place[]): Promise<void> {
  everyVip = places.flatMap((place) => place.addresses.vips);
  const layout: Layout = {
    subnet: '10.2.0.0/16',
    prefixLength: 24,
    gateway: '',
    guests: places.map((place) => place.layout),
    vips: everyVip,
    rules: places.flatMap(({ addresses }) =>
      addresses.vips.map((vip, index) => ({
        ...{ loadBalancer: 'ilb', name: vip, vip, protocol: 'Tcp' as const, floatingIp: false },
        ...{ frontendPort: PORT, backendPort: backendPort(index), backends: [{ address: addresses.backend.ip }] },
      })),
    ),
    probes: [],
  };
  await settings(fabricSettings);
  // Proxy ARP answers for what is routed to another device; the ruleset drops what is forwarded to lo.
  await ip(['link set lo up', `address add ${PERSON}/32 dev lo`, 'route add default dev lo']);
  await nft(baseRuleset(layout, 1));
  await nft(translations(layout, (rule) => rule.backends.map((backend) => backend.address)));
}

/** Puts a NIC on the fabric; the guest's network namespace must be there. */
export async function plug({ layout, addresses }: Place, nic: LayoutNic): Promise<void> {
  await ip([...plugLines({ ...layout, nics: [nic] }), `address add ${addresses.gateway}/32 dev ${nic.link}`]);
  await settings(linkSettings(nic.link));
}

/** Makes the fabric know a NIC by another MAC. */
export const changeMac = (nic: LayoutNic, mac: string): Promise<string> =>
  ip(nic.addresses.map((address) => `neighbour replace ${address} lladdr ${mac} dev ${nic.link} nud permanent`));

/** Packets of translated flows towards the backend and back, of both VIPs. */
export async function packetsOf({ addresses }: Place): Promise<{ to: number; from: number }> {
  const all = await readCounters(everyVip);
  const own = all.filter((counter) => addresses.vips.includes(counter.vip));
  const sum = (pick: (it: (typeof own)[number]) => number) => own.reduce((total, it) => total + pick(it), 0);
  return { to: sum((it) => it.packetsTo), from: sum((it) => it.packetsFrom) };
}
