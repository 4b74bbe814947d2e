/** A guest whose network is ifupdown's. */
import { type GuestSpec, lines } from './spec.ts';

export const ifupdown: GuestSpec = {
  name: 'ifupdown',
  manager: 'ifupdown',
  dhcp: false,
  files: ({ backend, via, gateway }) => ({
    '/etc/network/interfaces': lines(
      ...['auto lo', 'iface lo inet loopback', 'auto eth0', 'iface eth0 inet static'],
      ...[`  address ${backend.ip}/24`, `  gateway ${gateway}`],
      ...['auto eth1', 'iface eth1 inet static', `  address ${via.ip}/24`],
    ),
  }),
  units: ['networking.service'],
  restart: 'systemctl restart networking',
};

/** By dhclient. */
export const ifupdownDhcp: GuestSpec = {
  ...ifupdown,
  name: 'ifupdown-dhcp',
  dhcp: true,
  files: () => ({
    '/etc/network/interfaces': lines(
      ...[
        'auto lo',
        'iface lo inet loopback',
        'auto eth0',
        'iface eth0 inet dhcp',
        'auto eth1',
        'iface eth1 inet dhcp',
      ],
    ),
  }),
};
