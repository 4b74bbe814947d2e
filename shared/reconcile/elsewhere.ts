/** What a loop reads of other subscriptions: commands that keep its own back, members, and the frontends that it shares. */
import { needsElsewhere } from '../decide/elsewhere.ts';
import type { Observed } from '../decide/pass.ts';
import { inBatches, READS } from '../model/batches.ts';
import { type IdKey, idKey, parseResourceId } from '../model/ids.ts';
import type { FrontendRow, VmRow } from '../model/rows.ts';
import { subscriptionOf } from '../model/scope.ts';
import type { LoopSettings } from '../model/settings.ts';
import { type ListOptions, rowKey, type Store, type UnreadableRow, type Versioned } from '../model/store.ts';
import { isUnreadable } from './unreadable.ts';

/** Commands and members of other subscriptions, where something that is shared with them is about to be sent. */
export async function readElsewhere(
  store: Store,
  seen: Observed,
  told: ListOptions,
  settings: LoopSettings,
): Promise<void> {
  const need = needsElsewhere(seen, settings);
  if (!need) return;
  const others = settings.scope.subscriptionIds.filter((id) => id !== seen.subscriptionId);
  const commanded: VmRow[] = [];
  await inBatches(others, READS, async (id) => {
    for (const { row } of await store.vms.list(id, 'commanded', told)) if (row.command) commanded.push(row);
  });
  const members = new Map<IdKey, VmRow>();
  for (const [id, keys] of Map.groupBy(need.members, subscriptionOf)) {
    for (const { row } of await readVms(store, id, keys, told)) members.set(idKey(row.vmId), row);
  }
  seen.elsewhere = { commanded, members };
}

/** Up to so many rows of another subscription are read one by one, more of them by its list. */
const FEW = 50;

/** Some VMs' rows of another subscription. */
async function readVms(
  { vms }: Store,
  subscriptionId: string,
  keys: readonly IdKey[],
  told: ListOptions,
): Promise<Versioned<VmRow>[]> {
  if (keys.length > FEW) {
    const wanted = new Set(keys);
    return (await vms.list(subscriptionId, 'all', told)).filter(({ row }) => wanted.has(idKey(row.vmId)));
  }
  const rows: Versioned<VmRow>[] = [];
  await inBatches(keys, READS, async (key) => {
    try {
      const found = await vms.get(subscriptionId, rowKey(key));
      if (found) rows.push(found);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      told.unreadable?.({ key: rowKey(key), where: `the row of ${key}`, error });
    }
  });
  return rows;
}

/** The frontends' rows: the subscription's own, and those of others that its VMs are behind, which lie there. */
export async function readFrontends(
  store: Store,
  seen: Observed,
  noted: ListOptions,
): Promise<Versioned<FrontendRow>[]> {
  const others = Map.groupBy(frontendsElsewhere(seen), subscriptionOf);
  const found = [store.frontends.list(seen.subscriptionId, 'all', noted)];
  for (const [id, ids] of others) {
    const wanted = new Set(ids.map(rowKey));
    const unreadable = (row: UnreadableRow) => wanted.has(row.key) && noted.unreadable?.(row);
    const list = store.frontends.list(id, 'all', { unreadable });
    found.push(list.then((rows) => rows.filter(({ row }) => wanted.has(rowKey(row.frontendId)))));
  }
  return (await Promise.all(found)).flat();
}

/** Ids of the frontends of other subscriptions that are in play: by the lists, or else by the commands in flight. */
function frontendsElsewhere({ survey, vms, subscriptionId }: Observed): string[] {
  if (survey) return [...survey.shared.keys()].filter((key) => !survey.isOwn(key));
  const shared = new Set(vms.flatMap(({ row }) => row.command?.shared ?? []));
  return [...shared].filter((id) => subscriptionOf(id) !== subscriptionId && parseResourceId(id) !== undefined);
}
