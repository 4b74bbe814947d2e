/** A disturbance, and what is seen of the guest meanwhile. */
import type { GuestReport } from '../../shared/model/guest.ts';
import type { CaseResult } from '../case.ts';
import { now, until } from './clock.ts';
import { packetsOf } from './fabric.ts';
import type { Guest } from './guest.ts';
import type { Connect } from './inside.ts';
import { type Recovery, recoveryOf } from './recovery.ts';
import type { Sample } from './sampler.ts';

/**
 * What the watcher may take once the NICs have their addresses. It takes less than a second, but this machine may be
 * busy; one that heard nothing, and found it by its look every 30 s, takes longer.
 */
export const OWN_MS = 20_000;
/** It stays so when nothing was wrong for this long. */
const QUIET_MS = 1000;
const TIMEOUT_MS = 120_000;
/** What a network manager may take to give the addresses back: one that asks for a lease in vain asks ever more rarely. */
const ADDRESSES_MS = 150_000;
/** What a person would look at when it did not heal. */
const EVIDENCE =
  'ip -br addr; ip rule; ip route; ip route show table all proto 201; journalctl -u ilb-hairpin-guard -n 12 -o short-monotonic --no-pager';

export type Outcome = Omit<CaseResult, 'case' | 'manager'>;

/** A report in a line, for a person: what was wrong with each path, and how its connect ended. */
export const told = ({ paths, warnings, errorCode, changed }: GuestReport): string =>
  [
    ...paths.map(({ vip, before, proof, connectBefore, connectAfter }) => {
      const { outcome, ms } = connectAfter.outcome === 'none' ? connectBefore : connectAfter;
      return `${vip}: ${before.join('+') || 'as planned'}, proof ${proof}${proof === 'self' ? '' : ` (connect ${outcome} after ${ms} ms)`}`;
    }),
    ...(warnings.length > 0 ? [`warnings ${warnings.join(' ')}`] : []),
    ...(errorCode ? [errorCode] : []),
    `${changed} changed`,
  ].join('; ');

interface Observed extends Recovery {
  packets: { to: number; from: number };
  /** The management connection answered at the end. */
  answered: boolean;
}

/**
 * Runs the disturbance and looks until the state is whole and has stayed so. `ours` is what it must be then; what it
 * was before when undefined.
 */
async function observe(guest: Guest, disturb: () => Promise<unknown>, ours?: string): Promise<Observed> {
  const expected = { ours: ours ?? guest.whole, via: guest.addresses.via.ip };
  guest.sampler.take();
  await guest.inside.take();
  const before = await packetsOf(guest.place);
  const samples: Sample[] = [];
  const connects: Connect[] = [];
  const begin = now();
  await disturb();
  const disturbed = now();
  let recovery = recoveryOf(begin, samples, connects, expected);
  const isQuiet = async () => {
    samples.push(...guest.sampler.take());
    connects.push(...(await guest.inside.take()));
    recovery = recoveryOf(begin, samples, connects, expected);
    const whole = recovery.recoveredMs;
    return whole !== undefined && now() > Math.max(begin + whole, disturbed) + QUIET_MS;
  };
  await until(() => guest.sampler.last()?.addresses === true, ADDRESSES_MS);
  await until(isQuiet, TIMEOUT_MS, 100);
  const answered = await guest.answers();
  const after = await packetsOf(guest.place);
  return { ...recovery, answered, packets: { to: after.to - before.to, from: after.from - before.from } };
}

/** The outcome of a disturbance that must heal by itself; a check must then prove both VIPs by itself. */
export async function heals(guest: Guest, disturb: () => Promise<unknown>, ours?: string): Promise<Outcome> {
  const seen = await observe(guest, disturb, ours);
  const report = await guest.guard('check');
  const proved = report.paths.every((path) => path.proof === 'self' && path.before.length === 0);
  const within = seen.ownMs !== undefined && seen.ownMs <= OWN_MS;
  const ok =
    within && proved && seen.answered && seen.withoutLocal === 0 && seen.strange === 0 && seen.packets.from > 0;
  const more = ok ? [] : [(await guest.shell(EVIDENCE)).stdout, `expected: ${ours ?? guest.whole}`];
  return {
    ok,
    ...(seen.recoveredMs !== undefined && { recoveredMs: seen.recoveredMs }),
    ...(seen.ownMs !== undefined && seen.ownMs !== seen.recoveredMs && { ownMs: seen.ownMs }),
    detail: [describe(seen), proved ? 'both VIPs proved self' : `check: ${told(report)}`, ...more].join('; '),
  };
}

/** What was seen, for a person. */
function describe(seen: Observed): string {
  const { recoveredMs, ownMs, connects, failed, strange, packets, looks, withoutLocal, answered } = seen;
  return [
    recoveredMs === undefined ? 'not whole again' : `whole after ${recoveredMs} ms`,
    ...(ownMs !== recoveredMs ? [`${ownMs} ms after the addresses were back`] : []),
    `${connects} connects, ${failed} failed${strange > 0 ? `, ${strange} from a wrong address` : ''}`,
    `${packets.to}/${packets.from} packets to and from the backend`,
    `lookup local in ${looks - withoutLocal} of ${looks} looks`,
    answered ? 'management connection alive' : 'management connection dead',
  ].join(', ');
}
