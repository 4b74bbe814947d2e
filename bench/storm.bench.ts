/**
 * A storm: 1,000 failover events about 100 VMs in ten seconds. The real loop with the app's own settings over Azurite;
 * Azure is a script in memory whose commands take 20 s, and the clock is simulated, so that what is measured is what the
 * loop waits for and not this machine. Beside it stands the least that command time and the rollout's order allow: one
 * command for each VM, so many at a time. Each notice is confirmed by rule health, which may be asked
 * HAIRPIN_HEALTH_PER_MINUTE times a minute; that makes the least no longer, since the 50 announced frontends need 50
 * questions, for which there is room in two minutes, while the commands take more than three.
 */
import { bellMessage, type ReconcileMessage, signalMessage } from '../shared/model/messages.ts';
import { runIdOf } from '../shared/model/runId.ts';
import type { Store } from '../shared/model/store.ts';
import { reconcile } from '../shared/reconcile/loop.ts';
import { NOW, numbers, SETTINGS, SUBSCRIPTION, vipOf, vmId } from './estate.ts';
import { type BenchRow, row } from './rows.ts';
import { ScriptedAzure } from './scale/azure.ts';
import { withStore } from './store.ts';

const EVENTS = 1000;
const VMS = 100;
const COMMAND_MS = 20_000;
const OVER_MS = 10_000;
const LIMIT_MS = 3_600_000;

export const bench = (): Promise<BenchRow[]> => withStore(measure);

async function measure(store: Store): Promise<BenchRow[]> {
  let now = NOW;
  let holders = 0;
  let passes = 0;
  let readings = 0;
  let questions = 0;
  let unconfirmed = 0;
  const ended = new Set<string>();
  const azure = new ScriptedAzure(VMS, COMMAND_MS, () => now);
  const ports = azure.ports();
  const queue: { at: number; message: ReconcileMessage }[] = numbers(EVENTS).map((i) => {
    const at = NOW + Math.floor((i / EVENTS) * OVER_MS);
    return { at, message: eventOf(i, at) };
  });
  const lastEvent = queue.at(-1)?.at ?? NOW;
  // The watch rings each minute.
  for (let at = NOW; at < NOW + LIMIT_MS; at += 60_000) queue.push({ at, message: bellMessage(SUBSCRIPTION) });
  let settledAt = Number.NaN;
  while (queue.length > 0 && ended.size < EVENTS) {
    queue.sort((a, b) => a.at - b.at);
    const next = queue.shift();
    if (!next) break;
    now = Math.max(now, next.at);
    holders += 1;
    passes += 1;
    await reconcile(
      next.message,
      {
        ...ports,
        store,
        clock: { now: () => now },
        holder: `storm-${holders}`,
        topology: {
          read: (id) => {
            readings += 1;
            return ports.topology.read(id);
          },
        },
        health: {
          read: (rule, location) => {
            questions += 1;
            return ports.health.read(rule, location);
          },
        },
        bell: {
          ring: async (id, seconds) => {
            queue.push({ at: now + 1000 * seconds, message: bellMessage(id) });
          },
        },
        log: (step, fields) => {
          if (step === 'failover-not-confirmed') unconfirmed += 1;
          if (['joined', 'run-settled', 'run-failed'].includes(step)) ended.add(String({ runId: '', ...fields }.runId));
        },
      },
      SETTINGS,
    );
    settledAt = now;
  }
  const { length: commands } = azure.sentAt;
  // Ten at a time; the members of a pair one after the other, which fifty pairs make no longer.
  const least = Math.ceil(VMS / SETTINGS.maxCommands) * COMMAND_MS;
  const took = settledAt - lastEvent;
  const compared = `${EVENTS.toLocaleString('en')} failover events in 10 s about ${VMS} VMs in pairs, commands of ${COMMAND_MS / 1000} s, ${SETTINGS.maxCommands} at a time, simulated clock`;
  return [
    row('from the last event until all are settled', took / 1000, 's', undefined, { compared }),
    row('the least that command time and the rollout’s order allow', least / 1000, 's', undefined, {
      compared: `one command per VM, ${SETTINGS.maxCommands} at a time`,
    }),
    row('as many times the least', took / least, 'x', 1.3, { compared }),
    row('not settled', EVENTS - ended.size, 'events', 0, { compared }),
    row('told as not confirmed though they are', unconfirmed, 'events', 0, { compared }),
    row('commands per VM', commands / VMS, 'commands', 2, { compared }),
    row('questions to rule health', questions, 'questions', undefined, { compared }),
    row('messages handled', passes, 'messages', undefined, { compared }),
    row('readings of the estate', readings, 'readings', undefined, { compared }),
  ];
}

/** Event i: of one of the pairs, the VM that is primary says so. */
function eventOf(i: number, at: number): ReconcileMessage {
  const pair = i % (VMS / 2);
  return signalMessage({
    subscriptionId: SUBSCRIPTION,
    runId: runIdOf('bench', 'storm', String(i)),
    signal: 'failover',
    scope: [
      { kind: 'vm', id: vmId(2 * pair) },
      { kind: 'vip', id: vipOf(pair, i % 2) },
    ],
    mode: 'apply',
    dryRun: false,
    observedAt: at,
  });
}
