/** What the program may touch: configuration as data. */
import { type IdKey, idKey, isKeyWithin, isWithin } from './ids.ts';

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
  /** VM tag with the network of the containers in which its instances run, such as 172.17.0.0/16. */
  containerTag: string;
  /** True: load balancers outside the scope are served too, where a VM in scope is behind them. */
  outsideLoadBalancers?: boolean;
  /** Public networks that are in the address space of virtual networks, such as 20.1.0.0/16; none when not there. */
  networks?: readonly string[];
}

/** What holds for everything in a scope, from the settings: names of tags, and public networks. */
export type ScopeTags = Omit<Scope, 'subscriptionIds' | 'within'>;

/** Everything in some subscriptions. */
export const wholeScope = (subscriptionIds: readonly string[], tags: ScopeTags): Scope => ({
  subscriptionIds: [...subscriptionIds],
  within: [],
  ...tags,
});

/** The default tag names. */
export const DEFAULT_TAGS = {
  optOutTag: 'ilb-hairpin-guard-opt-out',
  auditTag: 'ilb-hairpin-guard-audit',
  viaTag: 'ilb-hairpin-guard-via',
  portTag: 'ilb-hairpin-guard-port',
  containerTag: 'ilb-hairpin-guard-containers',
} as const;

/** The part of the configuration that says which ids are in scope. */
export interface AllowedScope {
  /** Subscriptions, in any letter case. None: nothing is in scope. */
  subscriptionIds: readonly string[];
  /** Ids of resource groups or resources; empty: everything in the subscriptions. */
  within: readonly string[];
}

/** The subscription that an id lies in, lower case; empty for what is no id. */
export const subscriptionOf = (id: string): string => /^\/subscriptions\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? '';

/** True when an id lies in a configured subscription. */
export const isInSubscriptions = (id: string, { subscriptionIds }: AllowedScope): boolean =>
  subscriptionIds.some((own) => isWithin(id, `/subscriptions/${own}`));

/** The scope rule: true when an id lies in a configured subscription and, where `within` names any, in one of these. */
export const isInScope = (id: string, allowed: AllowedScope): boolean => scopeRule(allowed)(idKey(id));

/** The scope rule for many keys: what is configured is made ready once. */
export function scopeRule({ subscriptionIds, within }: AllowedScope): (key: IdKey) => boolean {
  const subscriptions = subscriptionIds.map((own) => idKey(`/subscriptions/${own}`));
  const outers = within.map(idKey);
  return (key) =>
    subscriptions.some((own) => isKeyWithin(key, own)) &&
    (outers.length === 0 || outers.some((outer) => isKeyWithin(key, outer)));
}

/**
 * True when a request may name an id: it is in scope, or what is in scope lies in it. What it then covers is narrowed
 * by the scope rule: nothing outside is touched either way.
 */
export const isAllowed = (id: string, allowed: AllowedScope): boolean =>
  isInScope(id, allowed) || (isInSubscriptions(id, allowed) && allowed.within.some((inner) => isWithin(inner, id)));

/** True for `true`, `yes`, `on`, `1` in any letter case. */
export const isTrueWord = (value: string | undefined): boolean =>
  value !== undefined && /^(true|yes|on|1)$/i.test(value.trim());
