/** Step 6: the rows under their ETags first, then the effects side by side. A failed effect is one VM's matter. */
import { type AzureError, PlanError, StateError } from '../errors.ts';
import { renderScript } from '../guest/render.ts';
import type { Clock, GuestCommands, Log } from '../model/ports.ts';
import type { CommandRefusal } from '../model/rows.ts';
import { CALL_SECONDS } from '../model/settings.ts';
import { rowKey, type Store } from '../model/store.ts';
import { inBatches } from './batches.ts';
import type { Effect, RowWrite } from './draft.ts';
import { isConflict } from './lease.ts';
import { asAzureError } from './observe.ts';

export interface Hands {
  store: Store;
  commands: GuestCommands;
  clock: Clock;
  log: Log;
}

/** Writes side by side within one table. */
const WRITES = 16;
const EFFECTS = 16;

/**
 * Writes all rows, in order of tables, then does the effects. Throws StateError STATE_CONFLICT when a row changed
 * under the loop, and when the lease ends meanwhile (`until`, epoch milliseconds), or an effect could last longer than
 * it: nothing more is done then, and the next pass decides anew.
 */
export async function act(
  hands: Hands,
  subscriptionId: string,
  { writes, effects }: { writes: readonly RowWrite[]; effects: readonly Effect[] },
  until: number,
): Promise<void> {
  const check = (ahead = 0): void => {
    if (hands.clock.now() + ahead < until) return;
    throw new StateError('STATE_CONFLICT', 'The lease ran out before all was done.');
  };
  for (const group of inOrder(writes)) {
    await inBatches(group, WRITES, async (write) => {
      check();
      await put(hands.store, subscriptionId, write);
    });
  }
  await inBatches(effects, EFFECTS, async (effect) => {
    // A PUT that is still on its way when another loop decides could come after that one's next command.
    check(CALL_SECONDS * 1000);
    try {
      await perform(hands.commands, effect);
    } catch (error) {
      await keepRefusal(hands, subscriptionId, effect, asAzureError(error, effect.kind));
    }
  });
}

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
        return await store.runs.put(subscriptionId, write.row.runId, write.row, write.etag);
      } catch (error) {
        // A new run that is there already is the same run: its id says so.
        if (write.etag === undefined && isConflict(error)) return '';
        throw error;
      }
    case 'outcomes':
      return store.outcomes.put(write.row.runId, rowKey(write.row.vmId), write.row, write.etag);
    case 'vms':
      return store.vms.put(subscriptionId, rowKey(write.row.vmId), write.row, write.etag);
    case 'frontends':
      return store.frontends.put(subscriptionId, rowKey(write.row.frontendId), write.row, write.etag);
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
async function keepRefusal(hands: Hands, subscriptionId: string, effect: Effect, error: AzureError): Promise<void> {
  const now = hands.clock.now();
  const seconds = error.retryAfterSeconds ?? RETRY_SECONDS[error.code] ?? 10;
  const refusal: CommandRefusal = {
    code: error.cause instanceof PlanError ? error.cause.code : error.code,
    status: error.status,
    action: error.action,
    text: error.message.slice(0, 500),
    at: now,
    notBefore: now + seconds * 1000,
  };
  hands.log('warn', 'refused', { vmId: effect.vmId, seq: effect.seq, effect: effect.kind, ...refusal });
  const found = await hands.store.vms.get(subscriptionId, rowKey(effect.vmId));
  if (found?.row.command?.seq !== effect.seq) return;
  const row = { ...found.row, command: { ...found.row.command, refusal } };
  await hands.store.vms.put(subscriptionId, rowKey(effect.vmId), row, found.etag);
}
