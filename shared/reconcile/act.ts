/** Step 6: the rows under their ETags first, then the effects side by side. A failed effect is one VM's matter. */

import type { Effect, RowWrite } from '../decide/pass.ts';
import { type AzureError, asAzureError, PlanError, StateError } from '../errors.ts';
import { renderScript } from '../guest/render.ts';
import { inBatches } from '../model/batches.ts';
import type { Finding } from '../model/findings.ts';
import { plainLine } from '../model/lines.ts';
import type { Clock, GuestCommands } from '../model/ports.ts';
import type { CommandRefusal } from '../model/rows.ts';
import { subscriptionOf } from '../model/scope.ts';
import { CALL_SECONDS } from '../model/settings.ts';
import { type Log, oneOrAll } from '../model/steps.ts';
import { rowKey, type Store } from '../model/store.ts';
import { isConflict } from './lease.ts';
import { rowUnusable } from './observe.ts';

/** What the loop acts through. */
export interface Actors {
  store: Store;
  commands: GuestCommands;
  clock: Clock;
  log: Log;
}

/** Writes side by side within one table. */
const WRITES = 16;
const EFFECTS = 16;

/**
 * Writes all rows, in order of tables, then does the effects. Returns the rows that no table takes, by row key of their
 * VM or frontend: nothing that rests on them was done, neither an outcome of that VM nor the end of its run. Throws
 * StateError STATE_CONFLICT when a row changed under the loop, and when the lease ends meanwhile (`until`, epoch
 * milliseconds), or an effect could last longer than it: nothing more is done then, and the next pass decides anew.
 */
export async function act(
  actors: Actors,
  subscriptionId: string,
  { writes, effects }: { writes: readonly RowWrite[]; effects: readonly Effect[] },
  until: () => number,
): Promise<Map<string, Finding>> {
  const check = (ahead = 0): void => {
    if (actors.clock.now() + ahead < until()) return;
    throw new StateError('STATE_CONFLICT', 'The lease ran out before all was done.');
  };
  const unwritten = await writeAll(actors, subscriptionId, writes, check);
  await inBatches(effects, EFFECTS, async (effect) => {
    if (unwritten.has(rowKey(effect.vmId))) return;
    // A PUT that is still on its way when another loop decides could come after that one's next command.
    check(CALL_SECONDS * 1000);
    try {
      await perform(actors.commands, effect);
    } catch (error) {
      await keepRefusal(actors, subscriptionId, effect, asAzureError(error, effect.kind));
    }
  });
  return unwritten;
}

/** Writes all rows, each after `check`; returns those that no table takes. */
async function writeAll(
  actors: Actors,
  subscriptionId: string,
  writes: readonly RowWrite[],
  check: () => void,
): Promise<Map<string, Finding>> {
  const unwritten = new Map<string, Finding>();
  /** Runs with an outcome that was not written: they are not told to be planned, or over, without it. */
  const incomplete = new Set<string>();
  for (const group of inOrder(writes)) {
    await inBatches(group, WRITES, async (write) => {
      check();
      const key = subjectKey(write);
      if (write.table === 'runs' && incomplete.has(write.row.runId)) return;
      // What is told rests on no other row, and no other row on it.
      if (key !== undefined && unwritten.has(key) && write.table !== 'news') {
        if (write.table === 'outcomes') incomplete.add(write.row.runId);
        return;
      }
      try {
        await put(actors.store, subscriptionId, write);
      } catch (error) {
        if (key === undefined || !isTooLarge(error)) throw error;
        if (write.table !== 'news') unwritten.set(key, rowUnusable(`${write.table} ${key}`, error));
        if (write.table === 'outcomes') incomplete.add(write.row.runId);
        actors.log('row-not-written', {
          subscriptionId,
          table: write.table,
          row: key,
          code: error.code,
          text: error.message,
          ...(write.table === 'outcomes' ? { runId: write.row.runId } : {}),
        });
      }
    });
  }
  return unwritten;
}

/** The row key of what a row is about; a run's row is about nothing that has one. */
function subjectKey(write: RowWrite): string | undefined {
  switch (write.table) {
    case 'runs':
      return undefined;
    case 'outcomes':
    case 'vms':
      return rowKey(write.row.vmId);
    case 'frontends':
      return rowKey(write.row.frontendId);
    case 'news':
      return rowKey(write.row.subject);
  }
}

const isTooLarge = (error: unknown): error is StateError =>
  error instanceof StateError && error.code === 'STATE_ROW_TOO_LARGE';

/** Neighbouring writes of one table are side by side; tables follow one another. */
function inOrder(writes: readonly RowWrite[]): RowWrite[][] {
  const groups: RowWrite[][] = [];
  for (const write of writes) {
    const last = groups.at(-1);
    if (last?.[0]?.table === write.table) last.push(write);
    else groups.push([write]);
  }
  return groups;
}

async function put(store: Store, subscriptionId: string, write: RowWrite): Promise<string> {
  switch (write.table) {
    case 'runs':
      try {
        // One for another subscription's loop lies where that one looks.
        return await store.runs.put(
          write.etag === undefined ? write.row.subscriptionId : subscriptionId,
          write.row.runId,
          write.row,
          write.etag,
        );
      } catch (error) {
        // A new run that is there already is the same run: its id says so.
        if (write.etag === undefined && isConflict(error)) return '';
        throw error;
      }
    case 'outcomes':
      return store.outcomes.put(write.row.runId, rowKey(write.row.vmId), write.row, write.etag);
    case 'vms':
      return store.vms.put(subscriptionId, rowKey(write.row.vmId), write.row, write.etag);
    case 'news':
      return store.news.put(subscriptionId, rowKey(write.row.subject), write.row, write.etag);
    case 'frontends':
      // One row for all loops, with the load balancer.
      return store.frontends.put(
        subscriptionOf(write.row.frontendId),
        rowKey(write.row.frontendId),
        write.row,
        write.etag,
      );
  }
}

async function perform(commands: GuestCommands, effect: Effect): Promise<void> {
  if (effect.kind === 'cancel') return commands.cancel(effect.vmId, effect.slot);
  const { vmId, location, os, slot, timeoutSeconds, tags } = effect;
  return commands.send({ vmId, location, os, slot, timeoutSeconds, tags, script: renderScript(os, effect.command) });
}

/** Seconds until a refused call is made again when Azure names none. */
const RETRY_SECONDS: Partial<Record<AzureError['code'], number>> = { AZURE_CONFLICT: 20, AZURE_THROTTLED: 30 };

/** Azure's refusal is kept on the VM's row, so that the outcome can say why. Losing it does no harm. */
async function keepRefusal(actors: Actors, subscriptionId: string, effect: Effect, error: AzureError): Promise<void> {
  const now = actors.clock.now();
  const seconds = error.retryAfterSeconds ?? RETRY_SECONDS[error.code] ?? 10;
  const refusal: CommandRefusal = {
    code: error.cause instanceof PlanError ? error.cause.code : error.code,
    status: error.status,
    azureCode: error.azureCode,
    action: error.action,
    text: plainLine(error.said, 500),
    at: now,
    notBefore: now + seconds * 1000,
  };
  actors.log('refused', {
    runId: oneOrAll(effect.runIds),
    vmId: effect.vmId,
    seq: effect.seq,
    effect: effect.kind,
    code: refusal.code,
    status: refusal.status,
    action: refusal.action,
    text: refusal.text,
    retryAt: refusal.notBefore,
  });
  const found = await actors.store.vms.get(subscriptionId, rowKey(effect.vmId));
  if (found?.row.command?.seq !== effect.seq) return;
  const row = { ...found.row, command: { ...found.row.command, refusal } };
  await actors.store.vms.put(subscriptionId, rowKey(effect.vmId), row, found.etag);
}
