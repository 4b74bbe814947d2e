/** Guests whose network is NetworkManager's. */
import { type Addresses, type GuestSpec, lines } from './spec.ts';

const profile = (number: number, ...ipv4: string[]): string =>
  lines(
    ...['[connection]', `id=eth${number}`, 'type=ethernet', 'autoconnect=true', '[match]', `interface-name=*${number}`],
    ...['[ipv4]', ...ipv4, '[ipv6]', 'method=disabled'],
  );

const profiles = (first: string[], second: string[]): Record<string, string> => ({
  '/etc/NetworkManager/system-connections/eth0.nmconnection': profile(0, ...first),
  '/etc/NetworkManager/system-connections/eth1.nmconnection': profile(1, ...second),
});

export const networkManager: GuestSpec = {
  name: 'nm',
  manager: 'NetworkManager',
  dhcp: false,
  files: ({ backend, via, gateway }) =>
    profiles(
      ['method=manual', `address1=${backend.ip}/24,${gateway}`, 'route-metric=100'],
      ['method=manual', `address1=${via.ip}/24`, 'route-metric=200'],
    ),
  units: ['NetworkManager.service'],
  restart: 'systemctl restart NetworkManager',
};

export const networkManagerDhcp: GuestSpec = {
  ...networkManager,
  name: 'nm-dhcp',
  dhcp: true,
  files: () => profiles(['method=auto', 'route-metric=100'], ['method=auto', 'route-metric=200']),
};

/** What nm-cloud-setup asks NetworkManager for, by the same call as it does (a reapply with changes): see its source,
 * src/nm-cloud-setup/main.c, _config_ethernet. Debian does not ship the program itself. */
const cloudSetup = ({ backend, via, gateway }: Addresses): string =>
  lines(
    '#!/bin/bash',
    'set -eu',
    'nm-online -q -s -t 20',
    'set_up() { # index address',
    '  nmcli device modify "$(ip -o link | grep -o "[a-z]*$1@" | tr -d @)" \\',
    `    ipv4.routes "\${2%.*}.0/24 src=$2 table=$((30200 + $1)), 0.0.0.0/0 ${gateway} table=$((30400 + $1))" \\`,
    '    ipv4.routing-rules "priority $((30200 + $1)) from $2/32 table $((30200 + $1)), priority $((30400 + $1)) from $2/32 table $((30400 + $1)), priority 30350 from 0.0.0.0/0 table 254 suppress_prefixlength 0"',
    '}',
    `set_up 0 ${backend.ip}`,
    `set_up 1 ${via.ip}`,
  );

export const cloudSetupGuest: GuestSpec = {
  ...networkManager,
  name: 'nm-cloud',
  manager: 'NetworkManager with nm-cloud-setup',
  files: (addresses) => ({
    ...networkManager.files(addresses),
    '/usr/local/bin/cloud-setup': cloudSetup(addresses),
    '/etc/systemd/system/cloud-setup.service': lines(
      ...['[Unit]', 'Requires=NetworkManager.service', 'After=NetworkManager.service'],
      ...['[Service]', 'Type=oneshot', 'ExecStart=/bin/bash /usr/local/bin/cloud-setup'],
      ...['[Install]', 'WantedBy=multi-user.target'],
    ),
  }),
  units: ['NetworkManager.service', 'cloud-setup.service'],
};
