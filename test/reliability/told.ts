/** What must hold of the events that were published, whatever happened on the way. */
import { isDeepStrictEqual } from 'node:util';
import { idKey } from '../../shared/model/ids.ts';
import type { NewsRow } from '../../shared/model/news.ts';
import type { OutgoingEvent } from '../../shared/model/ports.ts';
import type { RunRow } from '../../shared/model/rows.ts';

type Read = { list(partition: string): Promise<{ row: unknown }[]> };

/** What is judged: the rows, and what the topic took. */
export interface Telling {
  subscriptionId: string;
  store: Record<'runs' | 'news', Read>;
  published: readonly (readonly OutgoingEvent[])[];
}

/** What is broken in a world that has come to rest, in words: each fact is told, and told again it is the same. */
export async function untold({ subscriptionId, store, published }: Telling): Promise<string[]> {
  const found: string[] = [];
  const byId = new Map<string, OutgoingEvent>();
  for (const event of published.flat()) {
    const before = byId.get(event.id);
    if (before && !isDeepStrictEqual(before, event)) found.push(`${event.type} ${event.id} was told otherwise before`);
    byId.set(event.id, event);
  }
  const about = Map.groupBy(byId.values(), ({ subject }) => idKey(subject));
  for (const { row } of await store.news.list(subscriptionId)) {
    const { subject, facts, pending } = row as NewsRow;
    if (pending.length > 0) found.push(`${pending.length} events about ${subject} wait`);
    const told = (about.get(idKey(subject)) ?? []).filter(({ type }) => type.startsWith('IlbHairpinGuard.Path')).length;
    if (told !== facts) found.push(`${told} of ${facts} facts about ${subject} were told`);
  }
  for (const { row } of await store.runs.list(subscriptionId)) {
    const { runId, state, counts } = row as RunRow;
    if ((state === 'failed' || counts.failed > 0) && !about.has(idKey(`/api/runs/${runId}`))) {
      found.push(`that run ${runId} failed was not told`);
    }
  }
  return found;
}
