/** Guests whose network is NetworkManager's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

const cloudSetupCommand = ({ gateway, backend, via }: Addresses): string =>
  `ExecStart=/usr/local/sbin/cloud-setup ${gateway} ${backend.ip} ${via.ip}`;

export const cloudSetupGuest: GuestSpec = {
  ...networkManager,
  name: 'nm-cloud',
  manager: 'NetworkManager with nm-cloud-setup',
  files: (addresses) => ({
    ...networkManager.files(addresses),
    '/usr/local/sbin/cloud-setup': readFileSync(join(import.meta.dirname, 'cloud-setup.sh'), 'utf8'),
    // As its own dispatcher script does, src/nm-cloud-setup/90-nm-cloud-setup.sh.
    '/etc/NetworkManager/dispatcher.d/pre-up.d/90-cloud-setup.sh': lines(
      '#!/bin/bash',
      '[[ $2 != pre-up ]] || exec systemctl restart cloud-setup.service',
    ),
    '/etc/systemd/system/cloud-setup.service': lines(
      ...['[Unit]', 'Requires=NetworkManager.service', 'After=NetworkManager.service', 'StartLimitIntervalSec=0'],
      ...['[Service]', 'Type=oneshot', cloudSetupCommand(addresses)],
      ...['[Install]', 'WantedBy=multi-user.target'],
    ),
  }),
  units: ['NetworkManager.service', 'cloud-setup.service'],
};
