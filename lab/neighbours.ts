/** Programs that add rules of their own to a guest, and what can be seen of what these mean. */
import type { GuestLab } from '../simulator/guests/lab.ts';
import { put, shell } from './guests.ts';
import { connections } from './harm.ts';

export interface Neighbour {
  /** Shell text in the guest, with bash functions of {@link COMMON}. */
  add: string;
  remove: string;
}

/** A device that leads elsewhere; routes of both NICs; SUSE's cloud-netconfig, as far as it concerns rules. */
const COMMON = `
tunnel() {
  ip link add tun9 type veth peer name far9; ip link set tun9 up; ip link set far9 up; ip addr add 10.99.0.2/32 dev tun9
}
tables() {
  local nic
  for nic in 0 1; do
    ip route add 10.0.1.0/24 dev eth$nic src 10.0.1.1$nic table 20$nic; ip route add default via 10.0.1.1 dev eth$nic table 20$nic
  done
}
no_tables() { ip route flush table 200; ip route flush table 201; }
# What it does once a minute: https://github.com/SUSE-Enceladus/cloud-netconfig, common/cloud-netconfig, update_routing_policies
netconfig() {
  local nic addr ip found prio from rest
  for nic in 0 1; do
    addr=10.0.1.1$nic found=0
    ip route replace 10.0.1.0/24 dev eth$nic src $addr table 3020$nic; ip route replace default via 10.0.1.1 dev eth$nic table 3040$nic
    while read -r prio from ip rest; do [[ $addr != "$ip" ]] || found=1; done < <(ip rule show)
    [[ $found == 1 ]] || { ip rule add from $addr priority 3020$nic lookup 3020$nic; ip rule add from $addr priority 3040$nic lookup 3040$nic; }
  done
  [[ -n $(ip rule show prio 30399) ]] || ip rule add from all table main prio 30399 suppress_prefixlength 0
}
# What it does as a NIC goes down: common/cloud-netconfig-cleanup, remove_unused_rules
cleanup() {
  local prio from ip rest all
  all=" $(ip -4 -o addr show | awk '$2 != "lo" { sub("/.*", "", $4); print $4 }' | tr '\\n' ' ')"
  ip rule show | while read -r prio from ip rest; do
    [[ $ip == all || $all == *" $ip "* ]] || ip rule del priority \${prio%%:} from $ip || true
  done
}
`;

const TWO_NICS: Neighbour = {
  add: 'tables; for nic in 0 1; do ip rule add from 10.0.1.1$nic/32 table 20$nic; ip rule add to 10.0.1.1$nic/32 table 20$nic; done',
  remove:
    'for nic in 0 1; do ip rule del from 10.0.1.1$nic/32 table 20$nic; ip rule del to 10.0.1.1$nic/32 table 20$nic; done; no_tables',
};

/** By what they do. */
export const NEIGHBOURS: Record<string, Neighbour> = {
  'a full tunnel’s two rules without preferences': {
    // The load balancer's probes come from beyond the subnet; without their route the VM is down, with us and without.
    add: 'tunnel; ip route add 168.63.129.16 via 10.0.1.1 dev eth0; ip route add default dev tun9 table 900; ip rule add not fwmark 900 lookup 900; ip rule add lookup main suppress_prefixlength 0',
    remove:
      'ip rule del lookup main suppress_prefixlength 0; ip rule del not fwmark 900 lookup 900; ip link del tun9; ip route del 168.63.129.16',
  },
  'a two-NIC howto’s rules without preferences': TWO_NICS,
  'a source rule without a preference, as of netplan’s routing-policy': {
    add: 'tables; ip rule add from 10.0.1.11 lookup 201 protocol static',
    remove: 'ip rule del from 10.0.1.11 lookup 201; no_tables',
  },
  'ifupdown’s up ip rule add, for each NIC': {
    add: 'tables; ip rule add from 10.0.1.10 table 200; ip rule add from 10.0.1.11 table 201',
    remove: 'ip rule del from 10.0.1.10 table 200; ip rule del from 10.0.1.11 table 201; no_tables',
  },
  'an agent that knows rules by their source address': {
    add: 'netconfig; [[ $(ip rule) == *"from 10.0.1.11 lookup 30401"* ]]',
    remove:
      'for nic in 0 1; do ip rule del priority 3020$nic; ip rule del priority 3040$nic; ip route flush table 3020$nic; ip route flush table 3040$nic; done; ip rule del priority 30399',
  },
  'an agent that prunes rules of addresses that the machine does not have': {
    add: 'ip rule add from 10.0.7.7 priority 30333 lookup main; cleanup 2>/dev/null; [[ $(ip rule) != *10.0.7.7* ]]',
    remove: ':',
  },
  'a mesh VPN’s rules from 5210 on': {
    add: 'tunnel; ip route add 100.64.0.0/10 dev tun9 table 52; ip rule add pref 5210 fwmark 0x80000/0xff0000 lookup main; ip rule add pref 5230 fwmark 0x80000/0xff0000 lookup default; ip rule add pref 5250 fwmark 0x80000/0xff0000 unreachable; ip rule add pref 5270 lookup 52',
    remove: 'for pref in 5210 5230 5250 5270; do ip rule del pref $pref; done; ip link del tun9',
  },
  'a container runtime that moves lookup local to 100': {
    add: 'ip rule add from all lookup local pref 100; sleep 0.5; ip rule del from all lookup local pref 0; ip route add local default dev lo table 2004; ip rule add pref 9 fwmark 0x200/0xf00 lookup 2004',
    remove:
      'ip rule add from all lookup local pref 0 protocol kernel; sleep 0.5; ip rule del from all lookup local pref 100; ip rule del pref 9; ip route flush table 2004',
  },
  'a rule with a preference right where ours stand': {
    add: 'tables; ip rule add pref 32762 from 10.0.1.11 lookup 201',
    remove: 'ip rule del pref 32762 lookup 201; no_tables',
  },
};

/** Where packets go that are not the VIPs', nor those that the fix is known to cost. */
const ASKED = [
  ...['10.0.1.20 from 10.0.1.10', '10.0.1.20 from 10.0.1.11', '10.0.1.10', '10.0.1.11', '127.0.0.1', '8.8.8.8'],
  ...['8.8.8.8 from 10.0.1.11', '8.8.8.8 mark 900', '100.64.0.9', '100.64.0.9 mark 0x80000', '10.0.7.9'],
  ...[
    '10.0.1.10 from 10.0.1.20 iif eth0',
    '10.0.1.11 from 10.0.1.20 iif eth1',
    '10.0.1.10 from 10.9.9.9 iif eth0 mark 0x200',
  ],
];

export interface Meaning {
  /** Others' rules in their order, without their preferences; the one for the local table in either form. */
  rules: string[];
  ways: string[];
  connects: Record<string, string>;
}

/** What the rules of others come to on the article's vm-a. */
export async function meaningOf(lab: GuestLab): Promise<Meaning> {
  const rules = (await shell(lab, 'vm-a', 'ip -4 rule')).trim().split('\n');
  const asked = ASKED.map((it) => `ip route get ${it} 2>&1 | head -1 || true`).join('; ');
  const {
    'unbound to VIP': _1,
    'via to VIP': _2,
    'backend to own via': _3,
    'via to own backend': _4,
    ...connects
  } = await connections(lab, 'vm-a', 'vm-b');
  return {
    rules: rules
      .filter((rule) => !/ proto 201 *$/.test(rule))
      .map((rule) =>
        rule
          .replace(/^\d+:\s+/, '')
          .replace(/^not from \S+ to \S+ iif lo lookup local/, 'from all lookup local')
          .trim(),
      ),
    ways: (await shell(lab, 'vm-a', asked)).split('\n').map((way) => way.replace(/ uid 0.*/, '').trim()),
    connects,
  };
}

/** Runs the text of one in vm-a. */
export async function runAs(lab: GuestLab, text: string): Promise<void> {
  await put(lab, 'vm-a', '/tmp/neighbour', `set -e\n${COMMON}\n${text}\n`);
  await shell(lab, 'vm-a', '/bin/bash /tmp/neighbour');
}
