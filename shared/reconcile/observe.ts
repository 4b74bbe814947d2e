/** Step 3: reads only. Rows, the commands in flight, the estate when something needs it, rule health that is due. */
import { AzureError, messageOf } from '../errors.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { AgentReader, Clock, GuestCommands, RuleHealthReader, TopologyReader } from '../model/ports.ts';
import type { FrontendRow, OutcomeRow, VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Store, Versioned } from '../model/store.ts';
import { inBatches } from './batches.ts';
import { needsTopology } from './decide.ts';
import { type HealthAnswer, type Look, type Observed, startDraft } from './draft.ts';
import { bareEvaluation, frontendsInPlay } from './estate.ts';
import { healthDue, keepFrontends } from './health.ts';
import { ownOutcomes } from './ownOutcomes.ts';

/** What the loop reads through. */
export interface Eyes {
  store: Store;
  topology: TopologyReader;
  health: RuleHealthReader;
  commands: GuestCommands;
  agents: AgentReader;
  clock: Clock;
}

/** Queries of the store side by side, one per open run: a storm's runs all at once would open a connection each. */
const READS = 32;
/** Calls to Azure side by side. */
const SIDE_BY_SIDE = 10;

/** Reads everything that one pass needs. A failed read of Azure is data; a store that fails throws. */
export async function observe(
  eyes: Eyes,
  subscriptionId: string,
  recentAsks: readonly number[],
  settings: LoopSettings,
): Promise<Observed> {
  const { store, clock } = eyes;
  const [runs, vms, frontends] = await Promise.all([
    store.runs.list(subscriptionId, 'open'),
    store.vms.list(subscriptionId),
    store.frontends.list(subscriptionId),
  ]);
  const outcomesOf = new Map<string, Versioned<OutcomeRow>[]>();
  await inBatches(runs, READS, async ({ row }) => {
    outcomesOf.set(row.runId, await ownOutcomes(store, row));
  });
  const outcomes = runs.flatMap(({ row }) => outcomesOf.get(row.runId) ?? []);
  const looks = await lookAtCommands(
    eyes,
    vms.map(({ row }) => row),
  );
  const seen: Observed = { subscriptionId, now: clock.now(), runs, outcomes, vms, frontends, looks, health: new Map() };
  if (needsTopology(seen)) {
    try {
      seen.topology = await eyes.topology.read(subscriptionId);
    } catch (error) {
      seen.topologyError = asAzureError(error, 'read the estate');
    }
  }
  seen.now = clock.now();
  seen.health = await askHealth(eyes, dueNow(seen, recentAsks, settings));
  seen.now = clock.now();
  return seen;
}

function dueNow(seen: Observed, recentAsks: readonly number[], settings: LoopSettings): FrontendRow[] {
  // A working copy of what is needed here alone: there may be thousands of the others.
  const draft = startDraft({ ...seen, outcomes: [], vms: [] });
  const runs = draft.runs.all();
  let inPlay: ReadonlySet<IdKey> = new Set();
  if (seen.topology) {
    const bare = bareEvaluation(seen.topology, settings);
    keepFrontends(draft, bare.frontends);
    inPlay = frontendsInPlay(runs, bare, seen.topology);
  }
  return healthDue({ now: seen.now, frontends: draft.frontends.all(), runs, inPlay, recentAsks }, settings);
}

async function lookAtCommands(eyes: Eyes, vms: readonly VmRow[]): Promise<Map<IdKey, Look>> {
  const looks = new Map<IdKey, Look>();
  await inBatches(
    vms.filter((vm) => vm.command),
    SIDE_BY_SIDE,
    async (vm) => {
      const at = eyes.clock.now();
      try {
        const isNext = vm.command?.phase === 'intended';
        const [view, agent] = await Promise.all([
          eyes.commands.look(vm.vmId, vm.command?.slot ?? vm.slot),
          isNext ? eyes.agents.read(vm.vmId) : undefined,
        ]);
        looks.set(idKey(vm.vmId), { kind: 'seen', at, view, ...(isNext ? { agent: agent ?? {} } : {}) });
      } catch (error) {
        looks.set(idKey(vm.vmId), { kind: 'failed', at, error: asAzureError(error, 'look at the command') });
      }
    },
  );
  return looks;
}

async function askHealth(eyes: Eyes, due: readonly FrontendRow[]): Promise<Map<IdKey, HealthAnswer>> {
  const answers = new Map<IdKey, HealthAnswer>();
  await inBatches(due, SIDE_BY_SIDE, async (row) => {
    try {
      const backends = await eyes.health.read(row.healthRuleId ?? '');
      answers.set(idKey(row.frontendId), backends ? { kind: 'known', backends } : { kind: 'unfinished' });
    } catch (error) {
      answers.set(idKey(row.frontendId), { kind: 'failed', error: asAzureError(error, 'ask rule health') });
    }
  });
  return answers;
}

/** Adapters throw AzureError; anything else is a fault of ours and is told as such, not swallowed. */
export const asAzureError = (error: unknown, action: string): AzureError =>
  error instanceof AzureError
    ? error
    : new AzureError({ status: -1, azureCode: '', action, message: messageOf(error), cause: error });
