/** A request over HTTP becomes a run, once: with an `Idempotency-Key` the same request again is the same run. */
import { hash } from 'node:crypto';
import { InputError, StateError } from '../errors.ts';
import { idKey } from '../model/ids.ts';
import type { RequestRow } from '../model/rows.ts';
import type { Signal } from '../model/signal.ts';
import { REQUESTS, type Store, type Versioned } from '../model/store.ts';
import { isConflict } from './lease.ts';
import { record } from './record.ts';

/** Of two requests at once one makes the key's row; a handful of tries is plenty. */
const TRIES = 8;

/** What was accepted. */
export interface Accepted {
  /** As they are kept: of a request that came before, with the run id and the time of the first. */
  signals: Signal[];
  /** The same request was here before. */
  repeated: boolean;
}

/**
 * Writes the run's rows, one for each signal. The key's row comes first: whoever is killed between the two has answered
 * nobody, and the same request again writes what is missing. A key is known for `keptMs`, as long as its run is kept.
 * Throws InputError IDEMPOTENCY_KEY_USED when the key stands for another request, and StateError.
 */
export async function accept(
  store: Pick<Store, 'runs' | 'requests'>,
  signals: readonly Signal[],
  key: string | undefined,
  keptMs: number,
): Promise<Accepted> {
  const first = signals[0];
  const known = key === undefined || first === undefined ? undefined : await claim(store, key, first, signals, keptMs);
  const repeated = known !== undefined && known.runId !== first?.runId;
  const kept = known
    ? signals.map((signal) => ({ ...signal, runId: known.runId, observedAt: known.at }))
    : [...signals];
  for (const signal of kept) await record(store, signal);
  return { signals: kept, repeated };
}

/** The request that the key stands for: this one, or the same one before it. */
async function claim(
  { requests }: Pick<Store, 'requests'>,
  key: string,
  { runId, observedAt }: Signal,
  signals: readonly Signal[],
  keptMs: number,
): Promise<RequestRow> {
  const keyHash = hash('sha256', key);
  const row: RequestRow = { keyHash, runId, fingerprint: fingerprintOf(signals), at: observedAt };
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const found = await requests.get(REQUESTS, keyHash);
    const known = found && isKept(found, observedAt, keptMs) ? found.row : undefined;
    if (known) {
      if (known.fingerprint === row.fingerprint) return known;
      throw new InputError(
        'IDEMPOTENCY_KEY_USED',
        'idempotency-key',
        key,
        `another request was sent with it, and is run ${known.runId}`,
        'Send this request with a key of its own. To see what the key stands for, GET that run.',
      );
    }
    try {
      await requests.put(REQUESTS, keyHash, row, found?.etag);
      return row;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new StateError('STATE_CONFLICT', `The row of an Idempotency-Key changed under every one of ${TRIES} tries.`);
}

/** Its run is removed about then: the key is free again. */
const isKept = ({ row }: Versioned<RequestRow>, now: number, keptMs: number): boolean => now - row.at < keptMs;

/** Of what is asked for, whatever the order of its ids and their letter case. */
function fingerprintOf(signals: readonly Signal[]): string {
  const scope = signals.flatMap((signal) => signal.scope.map(({ kind, id }) => `${kind} ${idKey(id)}`));
  const [{ mode, dryRun, retryOf = '' } = {} as Partial<Signal>] = signals;
  return hash('sha256', JSON.stringify([mode, dryRun, retryOf, ...[...new Set(scope)].sort()]));
}
