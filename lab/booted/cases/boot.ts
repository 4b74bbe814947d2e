/** Reboots, and what is left at the end. */
import type { Manager } from '../../case.ts';
import { now, sleep, until } from '../clock.ts';
import type { Guest } from '../guest.ts';
import type { Connect } from '../inside.ts';
import { heals, type Outcome, told } from '../observe.ts';
import { recoveryOf } from '../recovery.ts';
import type { Sample } from '../sampler.ts';
import { type BootedCase, isProved } from './common.ts';

/** How long it may take after a boot, and for how long it must stay so. */
const WHOLE_MS = 120_000;
const QUIET_MS = 1000;

/** What remove leaves behind stays; what a network manager does at this moment is over by then. */
const SAME_MS = 30_000;

/** Milliseconds on the lab's clock at which the service was started. */
async function serviceStart(guest: Guest): Promise<number> {
  const text = await guest.tell('systemctl show -P ExecMainStartTimestampMonotonic ilb-hairpin-guard');
  return Number(text) / 1000;
}

const reboot: BootedCase = {
  name: 'reboot: all in place',
  async run(guest): Promise<Outcome> {
    await guest.off();
    await guest.boot();
    // What is seen from its first process on, until it has been whole for a while.
    const samples: Sample[] = [];
    const connects: Connect[] = [];
    const expected = { ours: guest.whole, via: guest.addresses.via.ip };
    const isWhole = async () => {
      samples.push(...guest.sampler.take());
      connects.push(...(await guest.inside.take()));
      const { recoveredMs } = recoveryOf(guest.machine.bootedAt, samples, connects, expected);
      return recoveredMs !== undefined && now() > guest.machine.bootedAt + recoveredMs + QUIET_MS;
    };
    await until(isWhole, WHOLE_MS);
    const started = await serviceStart(guest);
    const all = recoveryOf(guest.machine.bootedAt, samples, connects, expected);
    const { recoveredMs } = recoveryOf(started, samples, connects, expected);
    const report = await guest.guard('check');
    const ok = recoveredMs !== undefined && all.withoutLocal === 0 && isProved(report) && report.warnings.length === 0;
    return {
      ok,
      ...(recoveredMs !== undefined && { recoveredMs }),
      detail: `first connects ${recoveredMs} ms after the service was started, ${all.recoveredMs} ms after the machine; lookup local in ${all.looks - all.withoutLocal} of ${all.looks} looks; ${told(report)}`,
    };
  },
};

/** How a NIC that was not there at boot is brought up where no manager waits for it. */
const BRING_UP: Partial<Record<Manager, string>> = { ifupdown: 'ifup eth1' };

const lateNic: BootedCase = {
  name: 'eth1 comes two seconds after boot',
  async run(guest): Promise<Outcome> {
    await guest.off();
    await guest.boot([0]);
    await sleep(2000);
    return heals(guest, async () => {
      await guest.plug(1);
      const text = BRING_UP[guest.spec.manager];
      if (text !== undefined) await guest.tell(text);
    });
  },
};

/**
 * Rules and routes of all tables, files with their content, units: everything that remove must bring back. Routes are
 * sorted: two to one destination stand in the order in which the NICs came up, which is chance.
 */
export const snapshot = (guest: Guest): Promise<string> =>
  guest.tell(
    `ip -d -4 rule show; ip -d -4 route show table all | sort; ip -d -6 rule show
find /etc /usr/local /var/spool -xdev ! -name resolv.conf ! -name '.pwd.lock' -printf '%y %m %u %p %l\\n' | sort
find /etc /usr/local /var/spool -xdev -type f ! -name resolv.conf -exec sha256sum {} + | sort -k 2
systemctl list-unit-files --no-legend --no-pager`,
  );

const remove: BootedCase = {
  name: 'remove after all of it: rules, routes, files and units byte for byte as before',
  async run(guest): Promise<Outcome> {
    const begin = now();
    const healed = await heals(guest, () => guest.tell(`${guest.spec.restart}; ip route flush table 7201`));
    const report = await guest.guard('remove');
    const gone = report.errorCode === undefined && report.paths.every((path) => path.after.length === 0);
    let after = '';
    await until(async () => {
      after = await snapshot(guest);
      return after === guest.before;
    }, SAME_MS);
    const differs = difference(guest.before, after);
    const took = `${Math.round(now() - begin)} ms`;
    return {
      ok: healed.ok && gone && differs === '',
      detail: `${healed.detail}; remove: ${report.changed} changed; ${differs || `${after.split('\n').length} lines equal`}; ${took}`,
    };
  },
};

/** The lines that one of the texts has and the other has not. */
function difference(before: string, after: string): string {
  if (before === after) return '';
  const [old, now] = [before.split('\n'), after.split('\n')];
  const lost = old.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const added = now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`);
  return [...lost, ...added].slice(0, 12).join(' | ') || 'the order differs';
}

export const boots: BootedCase[] = [lateNic, reboot];
export const last: BootedCase = remove;
