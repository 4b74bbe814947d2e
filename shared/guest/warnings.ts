/** Warnings of guest reports: nothing is wrong with a path, but a person should know. */

/** Every code with its sentence. The scripts send the codes alone. */
export const WARNINGS = {
  'bound-sockets':
    'An application on this VM is connected from the backend address to the via address directly, or the other way round. Such connections on one machine stop working while the fix is in place; let it use the VIP, or loopback.',
  'sockets-unread':
    'The sockets of this VM could not be read (ss of iproute2 is missing or failed), or a connection was over before they were. So it is not known whether a connect came back to this VM, whether an application is bound to the addresses of a path, or where a connect got lost. Install iproute2 whole, with ss.',
  forwarding:
    'The VM forwards IPv4 packets (containers, or a router). Connections of containers to a VIP that leads back to this VM are not covered by the fix; they behave as before.',
  'default-route-on-via':
    'The default route leaves by the secondary NIC, or by an interface that belongs to it (an accelerated-networking VF). Remove the gateway from that NIC, or give the NICs fixed metrics (100 for the one in the pool, 200 for the other), so that answers to other networks leave by the NIC they came to.',
  'slave-address':
    'An interface that belongs to a NIC of the path (an accelerated-networking VF, listed with “master”) has an address of its own. Its lease brings routes of its own, and they take the member’s answers: its probes fail. Keep the network manager from configuring it; Azure’s images have a udev rule for that.',
  'rp-filter-strict':
    'The default route leaves by the secondary NIC while rp_filter is strict there: clients of other networks cannot reach the backend address. Give the NICs fixed metrics, or set rp_filter to 2.',
  'vip-route-in-main':
    'Somebody’s host route for the VIP is in the main table. It is not needed any more, and connections bound to the backend address fail through it while another VM is primary: delete it and what sets it at boot.',
  'rule-at-zero':
    'Somebody’s rule stands at the preference of the kernel’s rule for the local table, behind it, and no rule can come in between: {rule}. Give it a preference of its own: ip rule add pref 32000 {rule} && ip rule del pref 0 {rule} - and do the same where it is configured.',
  'source-rule-missing':
    'An agent on this VM keeps a table of routes for a NIC, and no rule leads there, so the NIC’s address is cut off beyond its subnet. It may have taken another rule for its own. This is the rule that it would add: ip rule add {rule}',
  'no-systemd':
    'systemd does not run on this VM: the fix is in place, but nothing puts it back after a reboot or a change of the network.',
  'another-agent':
    'Something on this VM keeps undoing the fix; the service that keeps it has slowed down. Look at the service’s journal (journalctl -u ilb-hairpin-guard) for what it had to put back.',
  'service-not-started':
    'The service that keeps the fix could not be started on this VM. The fix is in place until the next reboot or change of the network.',
  'not-kept':
    'The script, its plan or its service cannot be written on this VM (a read-only file system). The fix is in place until the next reboot or change of the network, and each sweep puts it back; let /etc be written to have it kept.',
  'dns-registration-on-via':
    'The secondary NIC registers its address in DNS, so clients may find the VM under it. Turn off “Register this connection’s addresses in DNS” on that NIC.',
  'lookup-disagrees':
    'The routes are as planned, and yet Windows names another way to a VIP (Find-NetRoute). Look for a VPN client or filter driver that decides before the routing table does.',
  'route-displaced':
    'Somebody’s host route for a VIP took precedence and was set aside; remove puts it back. Find what sets it, or it will come back.',
  'stale-route-left':
    'A route of ours on a NIC that is gone still stands in the persistent store. It leads nowhere; the next apply or remove tries again.',
  'displaced-route-kept':
    'Somebody’s route that was set aside belongs to a NIC that is gone, so it could not be put back. It stays noted in the registry (HKLM:\\SOFTWARE\\ilb-hairpin-guard\\Displaced), and a remove puts it back when that NIC is there again.',
  'state-unknown': 'After a failed run the state could not be read again. The next run looks afresh.',
  'warnings-incomplete':
    'Not everything that is worth a warning could be looked at. The repair itself is not concerned.',
  'containers-unseen':
    'A connect to a VIP worked, and it is not known whether an instance on this VM answered: its socket is in a container, and connection tracking could not be read or did not show it. Let /proc/net/nf_conntrack be there, or install conntrack-tools, to have it proved.',
  'firewalls-cut':
    'More firewalls stand in the way of connects than the report could hold. Mend those that are named and run again.',
  'weak-host':
    'WeakHostSend or WeakHostReceive is on for a NIC of the path, so that answers can leave by the wrong NIC. Turn both off (Set-NetIPInterface), as Windows has them by default.',
} as const satisfies Record<string, string>;

/** A warning of a report: its code, and its sentence. A code that is not known (of a newer script) is shown as it is. */
export function readWarning(warning: string): { code: string; text: string } {
  const [code = '', ...names] = warning.split(' ');
  if (!Object.hasOwn(WARNINGS, code)) return { code, text: warning };
  return { code, text: WARNINGS[code as keyof typeof WARNINGS].replaceAll('{rule}', names.join(' ')) };
}
