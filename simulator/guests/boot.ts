/** How a guest's IPv4 stack is set up when it boots, as `ip -batch` lines: the same for kernel and model. */
import type { Layout, LayoutGuest, LayoutNic } from './layout.ts';

/** Lines inside a guest: how Red Hat's NetworkManager sets up its NICs at boot, metric 100 and upwards. */
export function bootLines(guest: LayoutGuest, layout: Layout): string[] {
  const lines = ['link set lo up'];
  for (const [index, nic] of guest.nics.entries()) {
    const [first] = nic.addresses;
    if (first === undefined) continue;
    lines.push(
      ...nic.addresses.map((it) => `address add ${it}/${layout.prefixLength} dev ${nic.device} noprefixroute`),
      `link set ${nic.device} up`,
      `route add ${layout.subnet} dev ${nic.device} proto kernel scope link src ${first} metric ${100 + index}`,
    );
    if (index === 0)
      lines.push(`route add default via ${layout.gateway} dev ${nic.device} proto dhcp src ${first} metric 100`);
    if (nic.sourceRouted) lines.push(...sourceRouting(nic, index, layout));
  }
  return lines;
}

/** Answers leave by the NIC of their source, as nm-cloud-setup arranges it with a rule and a table per NIC. */
const sourceRouting = (nic: LayoutNic, index: number, layout: Layout): string[] => {
  const table = 30400 + index;
  return [
    `route add ${layout.subnet} dev ${nic.device} scope link src ${nic.addresses[0]} table ${table}`,
    `route add default via ${layout.gateway} dev ${nic.device} table ${table}`,
    ...nic.addresses.map((address) => `rule add pref ${table} from ${address} lookup ${table}`),
  ];
};
