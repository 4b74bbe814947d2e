/** What a look at an estate from outside brought: read with somebody's own sign-in, nothing changed, no guest entered. */
import type { IdKey } from './ids.ts';
import type { VmKnowledge } from './path.ts';
import type { SubscriptionName } from './ports.ts';
import type { SURROUNDING_ACTIONS, Surroundings } from './surroundings.ts';
import type { HealthMap, Topology } from './topology.ts';

/** What a look is narrowed to. Empty lists: everything. */
export interface EstateFilter {
  /** Names, in any letter case. */
  resourceGroups: readonly string[];
  /** Names or ids, in any letter case. */
  loadBalancers: readonly string[];
}

/** What to look at, and what to leave out of it. */
export interface EstateRequest extends EstateFilter {
  /** Subscription ids; empty: all that the sign-in sees. */
  subscriptionIds: readonly string[];
  /** False: rule health is not asked for, so that nobody is known to be primary. */
  health: boolean;
  /** False: what this program's last commands came to is not read. */
  reports: boolean;
  /** False: security groups, route tables, locks, sizes and agents are not read. */
  preconditions: boolean;
}

/** A kind of what stands around VMs. */
export type Surrounding = keyof typeof SURROUNDING_ACTIONS;

/** Something that could not be read, or was not asked for. */
export interface Unread {
  /**
   * `lists`: a subscription; `health`: a load balancer; `report`: a VM. What stands around VMs, of a subscription or, where
   * a list lacks it, a resource: `networks`, `securityGroups`, `routeTables`, `locks`, `sizes`, `agents`.
   */
  what: 'lists' | 'health' | 'report' | Surrounding;
  id: string;
  /** A subscription’s name, where the sign-in sees it. */
  name?: string;
  /** The right that it takes. */
  action: string;
  /** This program's code: AZURE_DENIED, NOT_ASKED, ... */
  code: string;
  /** Azure's own words, where it gave any. */
  text: string;
}

/** The text of a row about what nobody was to ask for. */
export const LEFT_OUT = 'left out on request';

/** What is known of the fix on a VM. `never`: this program gave the VM no command, or took its work away again. */
export type Heard = 'never' | 'report' | 'other-plan' | 'no-report' | 'unread';

/** What was read of an estate from outside, of all subscriptions together. */
export interface EstateReading {
  /** Epoch milliseconds. */
  at: number;
  /** The subscriptions that were read. */
  subscriptions: SubscriptionName[];
  /** Of all of them together. */
  topology: Topology;
  health: HealthMap;
  knowledge: ReadonlyMap<IdKey, VmKnowledge>;
  heard: ReadonlyMap<IdKey, Heard>;
  surroundings: Surroundings;
  unread: Unread[];
}

/** One step of the reading: how many of how many are done. */
export type Progress = (
  step: 'subscriptions' | 'lists' | 'health' | 'reports' | 'preconditions',
  done: number,
  of: number,
) => void;
