/**
 * The virtual network as `ip -batch` lines. The lab's own namespace is Azure's fabric: one veth per NIC, proxy ARP for
 * every address, a host route per NIC address, and everything else leads nowhere.
 */
import { FABRIC_MAC, type Layout, type LayoutGuest, PROBE_SOURCE } from '../layout.ts';

/** Lines for the fabric itself. */
export const fabricLines = (layout: Layout): string[] => [
  'link set lo up',
  `address add ${PROBE_SOURCE}/32 dev lo`,
  `address add ${layout.gateway}/32 dev lo`,
  // Proxy ARP answers for what is routed to another device; the ruleset drops what is forwarded to lo.
  'route add default dev lo',
];

/** Lines that put a guest's NICs on the fabric. The guest's network namespace must be there. */
export const plugLines = (guest: LayoutGuest): string[] =>
  guest.nics.flatMap((nic) => [
    `link add ${nic.link} address ${FABRIC_MAC} type veth peer name ${nic.device} netns ${guest.vm} address ${nic.mac}`,
    `link set ${nic.link} up`,
    ...nic.addresses.flatMap((address) => [
      `route add ${address}/32 dev ${nic.link}`,
      // Permanent: a NIC that has not sent yet does not answer ARP where rp_filter is 1.
      `neighbour replace ${address} lladdr ${nic.mac} dev ${nic.link} nud permanent`,
    ]),
  ]);

/** Settings of a fabric's device under /proc/sys/net/ipv4: `[path, value]`. */
export const linkSettings = (link: string): [string, string][] => [
  [`conf/${link}/proxy_arp`, '1'],
  [`conf/${link}/proxy_arp_pvlan`, '1'], // for addresses behind the asking NIC itself too
  [`conf/${link}/rp_filter`, '0'],
  [`conf/${link}/send_redirects`, '0'],
  [`neigh/${link}/proxy_delay`, '0'],
];

/** Settings of the fabric as a whole. */
export const fabricSettings: [string, string][] = [
  ['ip_forward', '1'],
  ['conf/all/rp_filter', '0'],
  ['conf/all/send_redirects', '0'],
];
