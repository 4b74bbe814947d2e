/**
 * The load balancers and the fabric's guards as nftables text. The load balancer translates the destination and nothing
 * else; a flow keeps its backend (conntrack); a new flow goes to a healthy member by a hash of its five-tuple; with none
 * healthy nobody answers.
 */
import type { Layout, LayoutRule } from '../layout.ts';

/**
 * The whole table, without translations. `zone` is the conntrack zone of all packets: a new one is as good as an empty
 * connection table, since nft cannot flush that.
 */
export function baseRuleset(layout: Layout, zone: number): string {
  const nics = layout.guests.flatMap((guest) => guest.nics);
  const guarded = nics.filter((nic) => !nic.ipForwarding);
  const own = guarded.flatMap((nic) => nic.addresses.map((address) => `"${nic.link}" . ${address}`));
  return `table ip lab
delete table ip lab
table ip lab {
${layout.vips.map((_, i) => `  counter flows_${i} { }\n  counter to_${i} { }\n  counter from_${i} { }`).join('\n')}
  set guarded { type ifname; ${elements(guarded.map((nic) => `"${nic.link}"`))} }
  set own { type ifname . ipv4_addr; ${elements(own)} }
  chain arrive {
    type filter hook prerouting priority raw; policy accept;
    ct zone set ${zone}
    iifname @guarded iifname . ip saddr != @own drop
  }
  chain leave {
    type filter hook output priority raw; policy accept;
    ct zone set ${zone}
  }
  chain translate {
    type nat hook prerouting priority dstnat; policy accept;
  }
  chain pass {
    type filter hook forward priority filter; policy accept;
${layout.vips.map(countLines).join('\n')}
    oifname "lo" drop
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established accept
  }
}
`;
}

const elements = (list: string[]): string => (list.length === 0 ? '' : `elements = { ${list.join(', ')} }`);

/** Packets of translated flows, by the address they were first sent to. */
const countLines = (vip: string, index: number): string =>
  [
    `    ct status dnat ct original ip daddr ${vip} ct direction original counter name to_${index}`,
    `    ct status dnat ct original ip daddr ${vip} ct direction reply counter name from_${index}`,
  ].join('\n');

/** Replaces all translations at once. `healthy` gives the backends of a rule that get new flows. */
export function translations(layout: Layout, healthy: (rule: LayoutRule) => string[]): string {
  // A rule for all ports takes what no other rule of the frontend takes.
  const rules = layout.rules.filter((rule) => !rule.floatingIp);
  const ordered = [
    ...rules.filter((rule) => rule.frontendPort !== 0),
    ...rules.filter((rule) => rule.frontendPort === 0),
  ];
  const lines = ordered.flatMap((rule) =>
    ruleLines(rule, healthy(rule), layout.vips.indexOf(rule.vip)).map((line) => `add rule ip lab translate ${line}`),
  );
  return ['flush chain ip lab translate', ...lines, ''].join('\n');
}

function ruleLines(rule: LayoutRule, backends: string[], counter: number): string[] {
  const allPorts = rule.frontendPort === 0;
  const protocols = rule.protocol === 'All' ? ['tcp', 'udp'] : [rule.protocol.toLowerCase()];
  return protocols.flatMap((protocol) =>
    backends.map((backend, index) => {
      const match = allPorts ? `ip protocol ${protocol}` : `${protocol} dport ${rule.frontendPort}`;
      const tuple = `ip saddr . ip daddr . ${protocol} sport . ${protocol} dport`;
      const share = backends.length === 1 ? '' : `jhash ${tuple} mod ${backends.length} seed 0x1 ${index} `;
      const target = allPorts ? backend : `${backend}:${rule.backendPort}`;
      return `ip daddr ${rule.vip} ${match} ${share}counter name flows_${counter} dnat to ${target}`;
    }),
  );
}
