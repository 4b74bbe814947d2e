/** The name of a plan: equal plans have equal hashes. */
import { hash } from 'node:crypto';
import { compareText } from '../model/address.ts';
import type { GuestPlan } from '../model/guest.ts';
import type { NamedPlan } from '../model/path.ts';

/**
 * Hex sha256 over a plan's canonical form: one line per frontend, sorted, so that neither the order of frontends nor
 * that of object keys matters; where there is a network of containers, a line more.
 */
export function planHash(plan: GuestPlan): string {
  const lines = plan.frontends.map(({ vip, port, backends, via }) =>
    [vip, port ?? 0, ...backends.flatMap(({ ip, mac }) => [ip, mac]), via.ip, via.mac].join(' '),
  );
  if (plan.containers !== undefined) lines.push(`containers ${plan.containers}`);
  return hash('sha256', lines.sort(compareText).join('\n'));
}

/** A plan with its hash, made when it is first asked for: most plans of a pass are compared with nothing. */
export const namePlan = (plan: GuestPlan): NamedPlan => new Named(plan);

/** A class, since an object with a getter of its own takes three times the room. */
class Named implements NamedPlan {
  readonly plan: GuestPlan;
  #hash: string | undefined;

  constructor(plan: GuestPlan) {
    this.plan = plan;
  }

  get hash(): string {
    this.#hash ??= planHash(this.plan);
    return this.#hash;
  }
}
