/** firewalld itself in a guest: Debian's package, with a message bus of its own. */
import type { GuestLab } from '../../simulator/guests/lab.ts';
import { shell } from '../guests.ts';
import type { Ruleset } from './rulesets.ts';

/** A bus for firewalld and firewall-cmd alone; the system's own would change to a user that a lab may not have. */
const BUS = `<busconfig>
<type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow eavesdrop="true"/></policy>
</busconfig>`;

/** Starts firewalld in vm-a with the settings that it has without any file; resolves when it answers. */
export async function startFirewalld(lab: GuestLab): Promise<void> {
  await shell(
    lab,
    'vm-a',
    `rm -rf /etc/firewalld; mkdir -p /etc/firewalld/zones /run/dbus
    echo '${BUS.replaceAll('\n', ' ')}' >/run/bus.conf
    setsid dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile >/run/bus.log 2>&1 </dev/null &
    for i in {1..1000}; do [[ ! -S /run/dbus/system_bus_socket ]] || break; sleep 0.1; done
    setsid firewalld --nofork --nopid --log-file=/run/firewalld.log >/run/firewalld.out 2>&1 </dev/null &
    for i in {1..500}; do if firewall-cmd --state >/dev/null 2>&1; then exit 0; fi; sleep 0.2; done
    cat /run/bus.log /run/firewalld.out; exit 1`,
  );
}

/** A setting that runs and is kept, as an administrator makes it. */
const set = (...options: string[]): string =>
  options.map((one) => `firewall-cmd -q ${one}; firewall-cmd -q --permanent ${one}`).join('\n');

/** The probe's port, and the server's for everybody. */
const PORTS = ['--zone=public --add-port=52773/tcp', '--zone=public --add-port=1972/tcp'];
const NICS = ['--zone=public --change-interface=eth0', '--zone=public --change-interface=eth1'];
const allow = (zone: string): string[] =>
  ['10.0.1.20', '168.63.129.16'].map(
    (address) => `--zone=${zone} --add-rich-rule='rule family="ipv4" source address="${address}" accept'`,
  );

export const FIREWALLD: readonly Ruleset[] = [
  { name: 'firewalld: zone public, the service port open', setup: set(...NICS, ...PORTS) },
  {
    name: 'firewalld: the NICs in different zones, the secondary one in drop',
    setup: set('--zone=public --change-interface=eth0', '--zone=drop --change-interface=eth1', ...PORTS),
  },
  {
    name: 'firewalld: zone public, an allow list without the via address',
    setup: set(...NICS, ...allow('public')),
    ends: { packet: 'request-in', where: 'firewalld (zone public)' },
    outcome: 'unreachable',
  },
  {
    name: 'firewalld: zone drop, an allow list without the via address',
    setup: set('--zone=drop --change-interface=eth0', '--zone=public --change-interface=eth1', ...allow('drop')),
    ends: { packet: 'request-in', where: 'firewalld (zone drop)' },
  },
  {
    name: 'firewalld: the subnet bound to another zone than the NIC',
    setup: set(...NICS, ...PORTS, '--zone=block --add-source=10.0.1.0/24', ...allow('block')),
    ends: { packet: 'request-in', where: 'firewalld (zone block)' },
    outcome: 'unreachable',
  },
  {
    name: 'firewalld: a rich rule that drops the subnet',
    setup: set(
      ...NICS,
      ...PORTS,
      `--zone=public --add-rich-rule='rule family="ipv4" source address="10.0.1.8/29" drop'`,
    ),
    ends: { packet: 'request-in', where: 'firewalld (zone public)' },
  },
  {
    name: 'firewalld: a policy that lets out what is known',
    setup: `firewall-cmd -q --permanent --new-policy=leaving
firewall-cmd -q --permanent --policy=leaving --set-target=DROP
firewall-cmd -q --permanent --policy=leaving --add-ingress-zone=HOST
firewall-cmd -q --permanent --policy=leaving --add-egress-zone=ANY
firewall-cmd -q --reload
${set(...NICS, ...PORTS)}`,
    ends: { packet: 'request-out', where: 'firewalld (policy leaving)' },
  },
];
