/** The rows of an estate that is known: every VM was looked at and found right, every frontend has a primary. */
import { planHash } from '../../shared/evaluate/planHash.ts';
import type { Survey } from '../../shared/evaluate/survey.ts';
import { commandIdOf } from '../../shared/model/commandId.ts';
import type { IdKey } from '../../shared/model/ids.ts';
import type { CommandView } from '../../shared/model/ports.ts';
import { acceptedRun, type FrontendRow, type OutcomeRow, type RunRow, type VmRow } from '../../shared/model/rows.ts';
import { runIdOf } from '../../shared/model/runId.ts';
import { rowKey } from '../../shared/model/store.ts';
import { frontendId, goodReport, healthWith, NOW, numbers, ruleId, SUBSCRIPTION, vipOf } from '../estate.ts';

/** The row of a VM whose last look found its plan in place. */
export function knownVm(survey: Survey, key: IdKey): VmRow {
  const listed = survey.vms.get(key);
  const named = survey.plans.get(key);
  if (!listed || !named) throw new Error(`${key} has no plan`);
  const vips = named.plan.frontends.map((frontend) => frontend.vip);
  const at = NOW - 600_000;
  return {
    vmId: listed.id,
    location: listed.location,
    os: 'linux',
    seq: 1,
    slot: 'A',
    look: {
      at,
      planHash: planHash(named.plan),
      report: goodReport(commandIdOf(rowKey(listed.id), 1), vips),
      healthyVips: vips,
    },
    proofs: Object.fromEntries(vips.map((vip) => [vip, { kind: 'remote' as const, at }])),
    last: { seq: 1, mode: 'apply', endedAt: at, changed: 4, warnings: [] },
    findings: [],
  };
}

/** Gives a VM's row a command that Azure shows to run. */
export function withCommand(row: VmRow, survey: Survey, key: IdKey, runId: string): VmRow {
  const plan = survey.plans.get(key)?.plan ?? { frontends: [] };
  return {
    ...row,
    seq: 2,
    command: {
      seq: 2,
      mode: 'apply',
      slot: 'A',
      phase: 'sent',
      runIds: [runId],
      plan,
      planHash: planHash(plan),
      vips: plan.frontends.map((frontend) => frontend.vip),
      intendedAt: NOW - 10_000,
      sentAt: NOW - 10_000,
      deadline: NOW + 24 * 3_600_000,
      shown: true,
    },
  };
}

/** What Azure shows of it. */
export const runningView = (vmId: string): CommandView => ({
  slot: 'A',
  commandId: commandIdOf(rowKey(vmId), 2),
  state: 'Running',
  provisioningState: 'Succeeded',
  output: '',
  error: '',
  message: '',
  startTime: '2026-01-05T09:59:50Z',
});

/** The rows of all frontends of so many VMs, asked a short while ago; of each pair the first VM is primary. */
export const knownFrontends = (vms: number, at = NOW - 5000): FrontendRow[] =>
  numbers(vms).map((i) => {
    const pair = i >> 1;
    const backends = healthWith(2 * pair);
    return {
      frontendId: frontendId(pair, i % 2),
      vip: vipOf(pair, i % 2),
      healthRuleId: ruleId(pair, i % 2),
      probeSeconds: 10,
      mirror: true,
      backends,
      knownAt: at,
      askedAt: at,
      primaryAddress: backends[0]?.address ?? '',
      primarySince: NOW - 86_400_000,
    };
  });

/** A sweep of the whole subscription. */
export const sweepRun = (name: string, more: Partial<RunRow> = {}): RunRow => ({
  ...acceptedRun({
    subscriptionId: SUBSCRIPTION,
    runId: runIdOf('bench', name),
    signal: 'sweep',
    scope: [{ kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` }],
    mode: 'apply',
    dryRun: false,
    observedAt: NOW - 60_000,
  }),
  ...more,
});

/** An outcome that waits. */
export const waiting = (runId: string, vmId: string, waitingFor: string): OutcomeRow => ({
  runId,
  vmId,
  state: 'waiting',
  waitingFor,
  findings: [],
  paths: [],
  changed: 0,
  warnings: [],
});

/** An outcome whose command is in flight. */
export const commanded = (runId: string, vmId: string): OutcomeRow => ({
  runId,
  vmId,
  state: 'commanded',
  seq: 2,
  commands: 1,
  findings: [],
  paths: [],
  changed: 0,
  warnings: [],
});
