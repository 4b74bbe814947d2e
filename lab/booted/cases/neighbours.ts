/** Source rules that the guest's own network manager adds, where it can without a preference, as the two-NIC howtos have it. */
import { until } from '../clock.ts';
import type { Guest } from '../guest.ts';
import { heals } from '../observe.ts';
import type { BootedCase } from './common.ts';

const TABLE = 201;
/** Some network managers end their command before they have done what it says. */
const RULE_MS = 60_000;

/** What the network manager is told, and how that is taken back; then it is there, or gone, and all of ours is whole. */
const sourceRule = (name: string, add: (guest: Guest) => string, remove: (guest: Guest) => string): BootedCase => ({
  name: `neighbour: ${name}`,
  async run(guest) {
    const isThere = async () =>
      (await guest.tell('ip rule')).includes(`from ${guest.addresses.via.ip} lookup ${TABLE}`);
    const isGone = async () => !(await isThere());
    const added = await heals(guest, async () => {
      await guest.tell(add(guest));
      await until(isThere, RULE_MS);
    });
    const came = await isThere();
    const removed = await heals(guest, async () => {
      await guest.tell(remove(guest));
      await until(isGone, RULE_MS);
    });
    const went = await isGone();
    return {
      ...added,
      ok: added.ok && came && removed.ok && went,
      detail: `its rule ${came ? 'is there' : 'is missing'}: ${added.detail}; ${went ? 'gone' : 'still there'}: ${removed.detail}`,
    };
  },
});

export const networkdRule = sourceRule(
  'a RoutingPolicyRule without a priority',
  ({ addresses: { via, gateway } }) => `mkdir -p /etc/systemd/network/1.network.d
printf '%s\\n' '[RoutingPolicyRule]' From=${via.ip} Table=${TABLE} '[Route]' Gateway=${gateway} Table=${TABLE} >/etc/systemd/network/1.network.d/rule.conf
networkctl reload; networkctl reconfigure eth1`,
  () => 'rm -r /etc/systemd/network/1.network.d; networkctl reload; networkctl reconfigure eth1',
);

export const netplanRule = sourceRule(
  'routing-policy without a priority',
  ({ addresses: { via, gateway } }) => `cat >/etc/netplan/60-rule.yaml <<END
network:
  version: 2
  ethernets:
    second:
      match: {name: "*1"}
      routes: [{to: default, via: ${gateway}, table: ${TABLE}}]
      routing-policy: [{from: ${via.ip}, table: ${TABLE}}]
END
chmod 600 /etc/netplan/60-rule.yaml; netplan apply`,
  () => 'rm /etc/netplan/60-rule.yaml; netplan apply',
);

export const ifupdownRule = sourceRule(
  'up ip rule add, without a preference',
  ({ addresses: { via, gateway } }) => `cp /etc/network/interfaces /var/tmp
printf '%s\\n' '  up ip route add default via ${gateway} dev eth1 table ${TABLE}' '  up ip rule add from ${via.ip} table ${TABLE}' '  down ip rule del from ${via.ip} table ${TABLE}' >>/etc/network/interfaces
ifdown eth1; ifup eth1`,
  () => 'ifdown eth1; cp /var/tmp/interfaces /etc/network; ifup eth1',
);

export const networkManagerRule = sourceRule(
  'routing-rules of a profile',
  ({ addresses: { via, gateway } }) => `cp -a /etc/NetworkManager/system-connections /var/tmp/before-rule
nmcli connection modify eth1 ipv4.routing-rules 'priority 20000 from ${via.ip} table ${TABLE}' +ipv4.routes '0.0.0.0/0 ${gateway} table=${TABLE}'; nmcli connection up eth1`,
  () =>
    'cp -a /var/tmp/before-rule/. /etc/NetworkManager/system-connections; nmcli connection reload; nmcli connection up eth1',
);
