/** What happens to every guest, whatever runs its network. */
import type { GuestReport } from '../../../shared/model/guest.ts';
import { LOSE_RULES } from '../../guests.ts';
import { changeMac } from '../fabric.ts';
import type { Guest } from '../guest.ts';
import { heals, type Outcome, told } from '../observe.ts';

/** A case of the booted lab: the guest has the fix in place when it begins. */
export interface BootedCase {
  name: string;
  run(guest: Guest): Promise<Outcome>;
}

/** A case that is shell text in the guest, after which all must heal by itself. */
export const disturbance = (name: string, text: string | ((guest: Guest) => string)): BootedCase => ({
  name,
  run: (guest) => heals(guest, () => guest.tell(typeof text === 'string' ? text : text(guest))),
});

export const isProved = (report: GuestReport): boolean =>
  report.errorCode === undefined && report.paths.every((path) => path.proof === 'self' && path.after.length === 0);

const everyPath = (report: GuestReport, drift: string): boolean =>
  report.paths.every((path) => (path.before as string[]).includes(drift));

const SERVICE = 'ilb-hairpin-guard.service';
const serviceState = async (guest: Guest): Promise<string> =>
  (await guest.shell(`systemctl is-enabled ${SERVICE}; systemctl is-active ${SERVICE}`)).stdout
    .trim()
    .replace('\n', ', ');

const apply: BootedCase = {
  name: 'apply: two VIPs proved through this machine, the service on',
  async run(guest) {
    await guest.guard('remove'); // where another case was run before
    const report = await guest.guard('apply');
    await guest.remember();
    const service = await serviceState(guest);
    const isSaid = report.heals === true;
    const ok = isProved(report) && isSaid && report.warnings.length === 0 && service === 'enabled, active';
    return { ok, detail: `${told(report)}; service ${service}${isSaid ? '' : ', and the report does not say so'}` };
  },
};

const disabled: BootedCase = {
  name: 'the service turned off: named, and put on by apply',
  async run(guest) {
    await guest.tell(`systemctl disable --quiet --now ${SERVICE}`);
    const found = await guest.guard('check');
    const mended = await guest.guard('apply');
    const service = await serviceState(guest);
    const isSaid = found.heals === undefined && mended.heals === true;
    const ok = everyPath(found, 'unit-disabled') && isProved(mended) && isSaid && service === 'enabled, active';
    return { ok, detail: `check: ${told(found)}; apply: ${told(mended)}; service ${service}` };
  },
};

const edited: BootedCase = {
  name: 'the script edited: named, and put back by apply',
  async run(guest) {
    await guest.tell("echo '# more' >>/usr/local/sbin/ilb-hairpin-guard");
    const found = await guest.guard('check');
    const mended = await guest.guard('apply');
    const again = await guest.guard('check');
    const ok = everyPath(found, 'script-changed') && isProved(mended) && mended.changed === 1 && isProved(again);
    return { ok, detail: `check: ${told(found)}; apply: ${told(mended)}` };
  },
};

const otherMac: BootedCase = {
  name: 'eth1 gets another MAC: named, and proved again under a new plan',
  async run(guest) {
    const { addresses } = guest;
    const mac = addresses.via.mac.replace(/..$/, '77');
    const nic = guest.place.layout.nics[1];
    if (!nic) throw new Error('no second NIC');
    const change = async (to: string) => {
      await guest.tell(`ip link set eth1 address ${to}`);
      await changeMac(nic, to);
    };
    await change(mac);
    const found = await guest.guard('check');
    const planned = await guest.guard('apply', { ...addresses, via: { ...addresses.via, mac } });
    await change(addresses.via.mac);
    const back = await guest.guard('apply');
    const ok = everyPath(found, 'nic-missing') && isProved(planned) && isProved(back);
    return { ok, detail: `check: ${told(found)}; apply: ${told(planned)}; MAC back: ${told(back)}` };
  },
};

const slowest = (one: Outcome, other: Outcome): Outcome =>
  (other.recoveredMs ?? 0) > (one.recoveredMs ?? 0) ? other : one;

/** For managers that know the NIC by its new name too. */
export const renamed: BootedCase = {
  name: 'eth1 renamed, and back',
  async run(guest) {
    const rename = (from: string, to: string) => async () => {
      await guest.tell(`ip link set ${from} down; ip link set ${from} name ${to}; ip link set ${to} up`);
      await guest.sampler.forgetNames();
    };
    const there = await heals(guest, rename('eth1', 'lan1'), guest.whole.replaceAll('dev eth1', 'dev lan1'));
    const back = await heals(guest, rename('lan1', 'eth1'));
    const slower = [there, back].find(({ recoveredMs }) => recoveredMs === undefined) ?? slowest(there, back);
    return {
      ...slower,
      ok: there.ok && back.ok,
      detail: `renamed: ${there.detail}; back: ${back.detail}`,
    };
  },
};

const SYSTEM_RULES =
  'ip rule add pref 32766 lookup main protocol kernel; ip rule add pref 32767 lookup default protocol kernel';

/**
 * systemctl ends with an error where a process of the service ends by itself while it sends the signal. What counts is
 * that the service's first process is gone.
 */
const KILL_SERVICE = `pid=$(systemctl show --property=MainPID --value ${SERVICE}); systemctl kill --signal=KILL ${SERVICE} || [ "$(systemctl show --property=MainPID --value ${SERVICE})" != "$pid" ]`;

/** In this order. */
export const common: BootedCase[] = [
  apply,
  disturbance('our rules and routes deleted', `ip route flush table 7201; ${LOSE_RULES}`),
  disturbance('all rules flushed, the system’s put back', `ip rule flush; ${SYSTEM_RULES}`),
  disturbance('the service killed, and a route deleted', `${KILL_SERVICE}; ip route flush table 7201`),
  disabled,
  edited,
];

/** The routes of eth0 that the kernel drops with its last address or its link, put back as their owner would. */
const defaultRoute = ({ addresses }: Guest) => `ip route replace default via ${addresses.gateway} dev eth0`;

/**
 * Links and addresses. A link is down for a second, as one that is lost: what goes and comes faster
 * systemd-networkd 252 does not always see, and then its default route is gone, with or without the fix.
 */
export const nics: BootedCase[] = [
  disturbance('eth1 down and up', 'ip link set eth1 down; sleep 1; ip link set eth1 up'),
  disturbance('eth0 down and up', (guest) => {
    const text = 'ip link set eth0 down; sleep 1; ip link set eth0 up';
    return guest.spec.manager === 'ifupdown' ? `${text}; ${defaultRoute(guest)}` : text;
  }),
  disturbance(
    'the address of eth1 removed and returned',
    ({ addresses: { via } }) => `ip addr del ${via.ip}/24 dev eth1; ip addr add ${via.ip}/24 dev eth1 brd +`,
  ),
  disturbance('the address of eth0 removed and returned', (guest) => {
    const { ip } = guest.addresses.backend;
    return `ip addr del ${ip}/24 dev eth0; ip addr add ${ip}/24 dev eth0 brd +; ${defaultRoute(guest)}`;
  }),
  otherMac,
];
