/** What the program may touch: configuration as data. */
import { isWithin } from './ids.ts';

export interface Scope {
  /** Subscriptions, lower case. */
  subscriptionIds: string[];
  /** Resource group or resource ids; empty: everything in the subscriptions. */
  within: string[];
  /** VMs, NICs and load balancers with this tag set to a true word are never touched. */
  optOutTag: string;
  /** VMs with this tag set to a true word are only reported. */
  auditTag: string;
  /** NIC tag that names it as the secondary NIC. */
  viaTag: string;
  /** Load balancer tag `{portTag}` with a port number: the port to prove, for frontends without a known superserver port. */
  portTag: string;
}

/** The default tag names. */
export const DEFAULT_TAGS = {
  optOutTag: 'ilb-hairpin-guard-opt-out',
  auditTag: 'ilb-hairpin-guard-audit',
  viaTag: 'ilb-hairpin-guard-via',
  portTag: 'ilb-hairpin-guard-port',
} as const;

/** The part of the configuration that says which ids are in scope. */
export interface AllowedScope {
  subscriptionIds: readonly string[];
  within: readonly string[];
}

/** True when an id lies in the configured scope, or the scope in it: nothing outside is touched either way. */
export const isAllowed = (id: string, { subscriptionIds, within }: AllowedScope): boolean =>
  subscriptionIds.includes(id.split('/')[2]?.toLowerCase() ?? '') &&
  (within.length === 0 || within.some((scope) => isWithin(id, scope) || isWithin(scope, id)));

/** True for `true`, `yes`, `on`, `1` in any letter case. */
export const isTrueWord = (value: string | undefined): boolean => /^(true|yes|on|1)$/i.test(value?.trim() ?? '');
