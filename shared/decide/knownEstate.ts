/** The estate as the app knows it, for whoever only looks: lists, with what the rows say of guests and of health. Pure. */
import { judge } from '../evaluate/judge.ts';
import type { Survey } from '../evaluate/survey.ts';
import type { EstateReading, Heard, Unread } from '../model/estateReading.ts';
import type { HistoryRow } from '../model/history.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { Evaluation, NamedPlan } from '../model/path.ts';
import type { FrontendRow, VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import { NO_SURROUNDINGS } from '../model/surroundings.ts';
import type { Topology } from '../model/topology.ts';
import { seenLook } from './away.ts';
import { healthOf } from './frontends.ts';
import { knownOf } from './knowledge.ts';
import { lookNeed } from './looks.ts';

/** The lists of all configured subscriptions. */
export interface ListedEstate {
  /** When they were read, epoch milliseconds. */
  at: number;
  topology: Topology;
  surveyed: Survey;
  /** Subscriptions whose lists could not be read. */
  unread: Unread[];
}

/** What is kept of an estate. */
export interface EstateRows {
  vms: readonly VmRow[];
  frontends: readonly FrontendRow[];
  /** How paths stand; of each VM one row. */
  histories: readonly HistoryRow[];
}

export interface KnownEstate {
  listedAt: number;
  observed: EstateReading;
  surveyed: Survey;
  evaluation: Evaluation;
  /** By VM key. */
  vms: ReadonlyMap<IdKey, VmRow>;
  /** By frontend key. */
  frontends: ReadonlyMap<IdKey, FrontendRow>;
  /** Since when paths stand as they do, by VM key. */
  histories: ReadonlyMap<IdKey, HistoryRow>;
  /** VMs with a plan whose last look a sweep believes: it asks the guest no more. */
  believed: ReadonlySet<IdKey>;
}

/** Judges what is known at a time, as the loop would. Rows that are about nothing in the lists say nothing. */
export function knownEstate(
  listed: ListedEstate,
  rows: EstateRows,
  now: number,
  settings: Pick<LoopSettings, 'scope' | 'proofAgeMs'>,
): KnownEstate {
  const { topology, surveyed, unread } = listed;
  const vms = new Map(rows.vms.map((row) => [idKey(row.vmId), row]));
  const frontends = new Map(rows.frontends.map((row) => [idKey(row.frontendId), row]));
  const histories = new Map(rows.histories.map((row) => [idKey(row.vmId), row]));
  const unreadIds = new Set(unread.map(({ id }) => id));
  const observed: EstateReading = {
    at: now,
    subscriptions: settings.scope.subscriptionIds
      .filter((id) => !unreadIds.has(`/subscriptions/${id}`))
      .map((id) => ({ id })),
    topology,
    health: healthOf(rows.frontends),
    knowledge: new Map([...vms].map(([key, row]) => [key, knownOf(row)])),
    heard: new Map([...vms].map(([key, row]) => [key, heardOf(row, surveyed.plans.get(key))])),
    // Nothing of them is read here: a trace says no word of security groups and routes.
    surroundings: NO_SURROUNDINGS,
    unread,
  };
  const believed = new Set<IdKey>();
  for (const [key, named] of surveyed.plans) {
    if (lookNeed(vms.get(key), named, now, settings) === 'none') believed.add(key);
  }
  const evaluation = judge(surveyed, observed.health, observed.knowledge, now);
  return { listedAt: listed.at, observed, surveyed, evaluation, vms, frontends, histories, believed };
}

/** What is known of the fix on a VM. A VM that was given no command, or whose `remove` came to its end, holds nothing. */
function heardOf(row: Readonly<VmRow>, named: NamedPlan | undefined): Heard {
  const { command, last, seq } = row;
  if (seq === 0) return 'never';
  if (!command && last?.mode === 'remove' && last.failure === undefined) return 'never';
  const look = seenLook(row);
  if (!look) return 'no-report';
  return look.planHash === named?.hash ? 'report' : 'other-plan';
}
