/** What each network manager does when it is told to, or by itself. */
import { sleep, until } from '../clock.ts';
import { LEASE_SECONDS } from '../dhcp.ts';
import type { Guest } from '../guest.ts';
import { heals, OWN_MS, told } from '../observe.ts';
import { type BootedCase, disturbance, isProved } from './common.ts';

export const networkd: BootedCase[] = [
  disturbance('networkd restarted', 'systemctl restart systemd-networkd'),
  disturbance('networkctl reload', 'networkctl reload'),
  disturbance('networkctl reconfigure, both NICs', 'networkctl reconfigure eth0 eth1'),
];

export const netplan: BootedCase[] = [
  disturbance('netplan apply', 'netplan apply'),
  disturbance('netplan generate, networkctl reload', 'netplan generate; networkctl reload'),
];

export const networkManager: BootedCase[] = [
  disturbance('NetworkManager restarted', 'systemctl restart NetworkManager'),
  disturbance('nmcli connection reload, general reload', 'nmcli connection reload; nmcli general reload'),
  disturbance('nmcli device reapply, both NICs', 'nmcli device reapply eth1; nmcli device reapply eth0'),
  disturbance('nmcli connection up eth1', 'nmcli connection up eth1'),
  disturbance('nmcli connection up eth0', 'nmcli connection up eth0'),
  disturbance('eth1 disconnected and connected', 'nmcli device disconnect eth1; nmcli device connect eth1'),
  disturbance('eth0 disconnected and connected', 'nmcli device disconnect eth0; nmcli device connect eth0'),
  disturbance('nmcli networking off and on', 'nmcli networking off; sleep 0.5; nmcli networking on'),
];

/** With automatic metrics and a gateway on both NICs, the NIC that comes up last gets the higher metric. */
export const defaultRouteFlips: BootedCase = {
  name: 'the default route flips to eth1: check warns',
  async run(guest) {
    const { gateway } = guest.addresses;
    await guest.tell(
      `cp -a /etc/NetworkManager/system-connections /var/tmp
nmcli connection modify eth1 ipv4.gateway ${gateway} ipv4.route-metric -1
nmcli connection modify eth0 ipv4.route-metric -1
nmcli connection up eth1; nmcli connection up eth0`,
    );
    await guest.isWhole(OWN_MS);
    const flipped = await guest.guard('check');
    const route = (await guest.tell('ip route show default')).trim().replaceAll('\n', ' | ');
    await guest.tell(
      `cp -a /var/tmp/system-connections /etc/NetworkManager; nmcli connection reload
nmcli connection up eth1; nmcli connection up eth0`,
    );
    await guest.isWhole(OWN_MS);
    const back = await guest.guard('check');
    const warned = ['default-route-on-via', 'rp-filter-strict'].every((code) => flipped.warnings.includes(code));
    return {
      ok: warned && isProved(flipped) && back.warnings.length === 0,
      detail: `${route}; check: ${told(flipped)}; put right: ${told(back)}`,
    };
  },
};

/** Its rules, those of each NIC and the one of both. */
const CLOUD_RULES = ['30200', '30201', '30350', '30400', '30401'];

export const cloudSetup: BootedCase[] = [
  {
    name: 'nm-cloud-setup runs again',
    async run(guest) {
      const before = await guest.tell('ip rule');
      const outcome = await heals(guest, () => guest.tell('systemctl restart cloud-setup'));
      const after = await guest.tell('ip rule');
      const missing = CLOUD_RULES.filter((pref) => ![before, after].every((rules) => rules.includes(`${pref}:`)));
      const seen = missing.length === 0 ? 'its rules are there' : `its rules ${missing.join(', ')} are missing`;
      return { ...outcome, ok: outcome.ok && missing.length === 0, detail: `${outcome.detail}; ${seen}` };
    },
  },
];

export const ifupdown: BootedCase[] = [
  disturbance('networking restarted', 'systemctl restart networking'),
  disturbance('ifdown and ifup eth1', 'ifdown eth1; ifup eth1'),
  disturbance('ifdown and ifup eth0', 'ifdown eth0; ifup eth0'),
];

const dhcpOf = (guest: Guest) => {
  if (!guest.dhcp) throw new Error(`${guest.place.name} has no DHCP`);
  return guest.dhcp;
};

export const renewals: BootedCase = {
  name: 'leases renewed on both NICs',
  run: (guest) => {
    const { backend, via } = guest.addresses;
    const given = () => [backend, via].map((nic) => dhcpOf(guest).given(nic.ip));
    const before = given();
    return heals(guest, async () => {
      const isRenewed = () => given().every((count, index) => count > (before[index] ?? 0));
      if (!(await until(isRenewed, LEASE_SECONDS * 10_000))) throw new Error(`not renewed: ${dhcpOf(guest).said()}`);
    });
  },
};

export const leaseLost: BootedCase = {
  name: 'leases run out and are given again',
  run: (guest) =>
    heals(guest, async () => {
      dhcpOf(guest).pause();
      const gone = await until(() => guest.sampler.last()?.addresses === false, LEASE_SECONDS * 10_000);
      await sleep(500);
      dhcpOf(guest).resume();
      if (!gone) throw new Error('the leases do not run out');
    }),
};
