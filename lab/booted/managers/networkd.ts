/** Guests whose network is systemd-networkd's, by its own files or by netplan's. */
import { type GuestSpec, lines } from './spec.ts';

export const networkd: GuestSpec = {
  name: 'networkd',
  manager: 'systemd-networkd',
  dhcp: false,
  files: ({ backend, via, gateway }) => ({
    '/etc/systemd/network/0.network': lines(
      ...[
        '[Match]',
        'Name=*0',
        '[Network]',
        `Address=${backend.ip}/24`,
        `Gateway=${gateway}`,
        'LinkLocalAddressing=no',
      ],
    ),
    '/etc/systemd/network/1.network': lines(
      ...['[Match]', 'Name=*1', '[Network]', `Address=${via.ip}/24`, 'LinkLocalAddressing=no'],
    ),
  }),
  units: ['systemd-networkd.service'],
  restart: 'systemctl restart systemd-networkd',
};

export const networkdDhcp: GuestSpec = {
  ...networkd,
  name: 'networkd-dhcp',
  dhcp: true,
  files: () => ({
    '/etc/systemd/network/0.network': lines(
      ...['[Match]', 'Name=*0', '[Network]', 'DHCP=ipv4', 'LinkLocalAddressing=no', '[DHCPv4]', 'RouteMetric=100'],
    ),
    '/etc/systemd/network/1.network': lines(
      ...['[Match]', 'Name=*1', '[Network]', 'DHCP=ipv4', 'LinkLocalAddressing=no', '[DHCPv4]', 'RouteMetric=200'],
    ),
  }),
};

export const netplan: GuestSpec = {
  name: 'netplan',
  manager: 'netplan',
  dhcp: false,
  files: ({ backend, via, gateway }) => ({
    '/etc/netplan/50-lab.yaml': lines(
      'network:',
      '  version: 2',
      '  renderer: networkd',
      '  ethernets:',
      '    pool:',
      '      match: {name: "*0"}',
      `      addresses: [${backend.ip}/24]`,
      '      link-local: []',
      `      routes: [{to: default, via: ${gateway}}]`,
      '    second:',
      '      match: {name: "*1"}',
      `      addresses: [${via.ip}/24]`,
      '      link-local: []',
    ),
    // There is no udev in a container, and netplan does nothing without one: it wants it to look at NICs' drivers again.
    '/usr/local/sbin/udevadm': lines('#!/bin/bash', 'exit 0'),
  }),
  // netplan's generator enables it at boot.
  units: [],
  restart: 'netplan apply',
};
