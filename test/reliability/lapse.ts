/**
 * The loop against the simulated ARM through the app's own adapters and SDKs, with a clock that jumps ahead by a second
 * between two rings, so that budgets of minutes are over in seconds. While anything works it goes as fast as the tests'
 * own: however busy the machine is, no budget is over before ARM had its time.
 */
import type { ExecutionContext } from 'ava';
import { createAgentReader } from '../../shared/azure/agent.ts';
import { createRuleHealthReader } from '../../shared/azure/ruleHealth.ts';
import { createGuestCommands } from '../../shared/azure/runCommand.ts';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { bellMessage, type ReconcileMessage, signalMessage } from '../../shared/model/messages.ts';
import { isOpen, type OutcomeRow, type RunRow, type VmRow } from '../../shared/model/rows.ts';
import { randomRunId } from '../../shared/model/runId.ts';
import { subscriptionOf } from '../../shared/model/scope.ts';
import type { LoopSettings } from '../../shared/model/settings.ts';
import type { Signal } from '../../shared/model/signal.ts';
import { rowKey } from '../../shared/model/store.ts';
import { reconcile } from '../../shared/reconcile/loop.ts';
import { appRoles } from '../../simulator/arm/appRoles.ts';
import type { Arm, ArmOptions } from '../../simulator/arm/arm.ts';
import { startArm } from '../../simulator/arm/arm.ts';
import { authorizeBy } from '../../simulator/arm/roles.ts';
import { type ScriptedLab, scriptedLab } from '../../simulator/chaos/scriptedLab.ts';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../simulator/estate/estate.ts';
import { subscriptionsOf, vmId } from '../../simulator/estate/ids.ts';
import { memoryStore } from '../helpers/memoryStore.ts';
import { SETTINGS } from '../helpers/world.ts';
import { clientsOf, trust } from '../simulator/arm/withArm.ts';

/** Between two rings: what passes, and what it is for the loop. */
const RING_MS = 100;
const RING_LASTS_MS = 1000;

export interface Lapse {
  arm: Arm;
  lab: ScriptedLab;
  estate: Estate;
  log: { step: string; fields: Record<string, unknown> }[];
  /** Milliseconds of the fast clock. */
  now(): number;
  /** Takes a signal, and rings until its run ended or so many fast seconds passed. */
  run(signal: Partial<Signal> & Pick<Signal, 'signal' | 'scope'>, seconds?: number): Promise<RunRow>;
  /** One message. */
  handle(message: ReconcileMessage): Promise<void>;
  outcome(runId: string, vm: string): Promise<OutcomeRow | undefined>;
  vmRow(vm: string): Promise<VmRow | undefined>;
  /** A sweep of everything. */
  sweep(seconds?: number): Promise<RunRow>;
}

/** Starts ARM over an estate (the article's) and the loop over it. */
export async function lapse(
  t: ExecutionContext,
  options: { estate?: Estate; settings?: Partial<LoopSettings>; arm?: Partial<ArmOptions> } = {},
): Promise<Lapse> {
  const estate = options.estate ?? articleEstate();
  const lab = scriptedLab(estate, 20);
  const authorize = authorizeBy(appRoles([estate]));
  const arm = await startArm({
    sites: [{ estate, lab }],
    commandMs: 50,
    healthMs: 10,
    powerMs: 5,
    authorize,
    ...options.arm,
  });
  t.teardown(() => arm.close());
  trust(arm.ca);
  const clients = clientsOf(arm);
  const settings: LoopSettings = {
    ...SETTINGS,
    commandSeconds: 20,
    commandSlackSeconds: 20,
    bellSeconds: 1,
    scope: { ...SETTINGS.scope, subscriptionIds: subscriptionsOf(estate) },
    ...options.settings,
  };
  const store = memoryStore();
  const log: Lapse['log'] = [];
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  let holders = 0;
  const ports = {
    store,
    topology: createTopologyReader(clients),
    // By the tests' own clock; many worlds share one process.
    health: createRuleHealthReader(clients, { pollMs: 20, seconds: 1 }),
    commands: createGuestCommands(clients),
    agents: createAgentReader(clients),
    clock: { now },
    topic: { publish: () => Promise.reject(new Error('nothing is to be published')) },
    bell: { ring: async () => {} },
    log: (step: string, fields: object) => void log.push({ step, fields: { ...fields } }),
  };
  const handle = (message: ReconcileMessage) =>
    reconcile(message, { ...ports, holder: `holder-${holders++}` }, settings);
  const { subscriptionId } = estate;
  const it: Lapse = {
    arm,
    lab,
    estate,
    log,
    now,
    handle,
    async run(given, seconds = 600) {
      const signal: Signal = {
        subscriptionId,
        runId: randomRunId(),
        mode: 'apply',
        dryRun: false,
        observedAt: now(),
        ...given,
      };
      await handle(signalMessage(signal));
      for (;;) {
        const row = (await store.runs.get(signal.subscriptionId, signal.runId))?.row as RunRow;
        if (!isOpen(row)) return row;
        if (now() - signal.observedAt > seconds * 1000)
          throw new Error(`still ${row.state}: ${JSON.stringify(log.at(-1))}`);
        await new Promise((resolve) => setTimeout(resolve, RING_MS));
        aheadMs += RING_LASTS_MS - RING_MS;
        await Promise.all(subscriptionsOf(estate).map((id) => handle(bellMessage(id))));
      }
    },
    sweep: (seconds) =>
      it.run({ signal: 'sweep', scope: [{ kind: 'subscription', id: `/subscriptions/${subscriptionId}` }] }, seconds),
    outcome: async (runId, vm) =>
      (await store.outcomes.get(runId, rowKey(vmId(estate, vm))))?.row as OutcomeRow | undefined,
    vmRow: async (vm) =>
      (await store.vms.get(subscriptionOf(vmId(estate, vm)), rowKey(vmId(estate, vm))))?.row as VmRow | undefined,
  };
  return it;
}
