/** What the program may touch: configuration as data. */

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

/** True for `true`, `yes`, `on`, `1` in any letter case. */
export const isTrueWord = (value: string | undefined): boolean => /^(true|yes|on|1)$/i.test(value?.trim() ?? '');
