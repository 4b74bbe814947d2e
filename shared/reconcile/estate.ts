/**
 * The estate for requests that only look: read as the loop reads it, and seldom. A page that polls, and ten of them, make
 * one reading of the lists a minute and of the rows each five seconds; no request asks a guest or rule health, which the
 * loop has in its rows, and no request makes a call per VM.
 */
import { type EstateRows, type KnownEstate, knownEstate, type ListedEstate } from '../decide/knownEstate.ts';
import { type AzureError, asAzureError } from '../errors.ts';
import { joinTopologies } from '../evaluate/joinTopologies.ts';
import { survey } from '../evaluate/survey.ts';
import { inBatches } from '../model/batches.ts';
import type { Unread } from '../model/estateReading.ts';
import type { Clock, TopologyReader } from '../model/ports.ts';
import { readRarely } from '../model/readRarely.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Store, UnreadableRow } from '../model/store.ts';
import type { Topology } from '../model/topology.ts';

export interface EstatePorts {
  store: Pick<Store, 'vms' | 'frontends' | 'history'>;
  topology: TopologyReader;
  clock: Clock;
}

/** What the app knows, and rows that it cannot read. */
export interface EstateRead extends KnownEstate {
  unreadable: UnreadableRow[];
}

/** Lists serve so long at the least, milliseconds, and ten times as long as they took: reading takes no more than a tenth of the time. */
const LISTS_MS = 60_000;
const LISTS_TIMES = 10;
/** Rows serve so long, milliseconds. */
const ROWS_MS = 5000;
/** Subscriptions read at a time. */
const WIDTH = 4;

/**
 * A reader of the estate. It throws AzureError when no subscription's lists could be read, and StateError when the rows
 * could not. What could not be read of some subscriptions is in `observed.unread`.
 */
export function openEstate(
  { store, topology, clock }: EstatePorts,
  settings: Pick<LoopSettings, 'scope' | 'proofAgeMs'>,
): () => Promise<EstateRead> {
  const { scope } = settings;
  const lists = readRarely(
    async (): Promise<ListedEstate> => {
      const { joined, unread } = await readAll(topology, scope.subscriptionIds);
      return { at: clock.now(), topology: joined, surveyed: survey(joined, scope), unread };
    },
    (took) => Math.max(LISTS_MS, LISTS_TIMES * took),
    clock.now,
  );
  return readRarely(
    async () => {
      const [listed, { unreadable, ...rows }] = await Promise.all([lists(), readRows(store, scope.subscriptionIds)]);
      return { ...knownEstate(listed, rows, clock.now(), settings), unreadable };
    },
    () => ROWS_MS,
    clock.now,
  );
}

/** The lists of all subscriptions as one estate that belongs to no loop. */
async function readAll(
  reader: TopologyReader,
  subscriptionIds: readonly string[],
): Promise<{ joined: Topology; unread: Unread[] }> {
  const parts = new Map<string, Topology>();
  const errors = new Map<string, AzureError>();
  await inBatches(subscriptionIds, WIDTH, async (id) => {
    try {
      parts.set(id, await reader.read(id));
    } catch (error) {
      errors.set(id, asAzureError(error, 'read the lists'));
    }
  });
  const [first] = errors.values();
  if (parts.size === 0 && first) throw first;
  const read = subscriptionIds.flatMap((id) => parts.get(id) ?? []);
  const notes = read.flatMap((part) => part.notes);
  const missing = [...errors].map(([subscriptionId, { message }]) => ({ subscriptionId, why: message }));
  const unread = [...errors].map(([id, { action, code, message }]) => ({
    what: 'lists' as const,
    id: `/subscriptions/${id}`,
    action,
    code,
    text: message,
  }));
  const none: Topology = { subscriptionId: '', vms: [], nics: [], loadBalancers: [], notes };
  return { joined: joinTopologies(none, read, missing), unread };
}

/** The rows as they stand: one of each VM and frontend, and of each VM since when its paths stand so; no day before. */
async function readRows(
  { vms, frontends, history }: EstatePorts['store'],
  subscriptionIds: readonly string[],
): Promise<EstateRows & { unreadable: UnreadableRow[] }> {
  const unreadable: UnreadableRow[] = [];
  const told = { unreadable: (row: UnreadableRow) => void unreadable.push(row) };
  const rows = {
    vms: [] as EstateRows['vms'][number][],
    frontends: [] as EstateRows['frontends'][number][],
    histories: [] as EstateRows['histories'][number][],
  };
  await inBatches(subscriptionIds, WIDTH, async (id) => {
    const [ofVms, ofFrontends, ofPaths] = await Promise.all([
      vms.list(id, 'all', told),
      frontends.list(id, 'all', told),
      history.list(id, 'all', told),
    ]);
    for (const { row } of ofVms) rows.vms.push(row);
    for (const { row } of ofFrontends) rows.frontends.push(row);
    for (const { row } of ofPaths) rows.histories.push(row);
  });
  return { ...rows, unreadable };
}
