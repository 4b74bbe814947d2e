/** The name of a plan: equal plans have equal hashes. */
import { createHash } from 'node:crypto';
import type { GuestPlan } from '../model/guest.ts';
import { compareText } from './address.ts';

/**
 * Hex sha256 over a plan's canonical form: one line per frontend, sorted, so that neither the order of frontends nor
 * that of object keys matters.
 */
export function planHash(plan: GuestPlan): string {
  const lines = plan.frontends.map(({ vip, port, backends, via }) =>
    [vip, port ?? 0, ...backends.flatMap(({ ip, mac }) => [ip, mac]), via.ip, via.mac].join(' '),
  );
  return createHash('sha256').update(lines.sort(compareText).join('\n')).digest('hex');
}
