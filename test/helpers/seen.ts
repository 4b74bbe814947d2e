/**
 * What a pass sees, in a few words: rows, looks and answers about the estate of a small world. By default that is the
 * article's, hs-a and hs-b behind the mirrors ucr and pi, both primary on hs-a.
 * Long: one small language for tests, read as a whole.
 */

import { healthOf } from '../../shared/decide/frontends.ts';
import { intakeOf } from '../../shared/decide/intake.ts';
import { knowledgeOf } from '../../shared/decide/knowledge.ts';
import type { EstatePass, HealthAnswer, Look, Observed } from '../../shared/decide/pass.ts';
import { startPass } from '../../shared/decide/startPass.ts';
import { AzureError } from '../../shared/errors.ts';
import { joinTopologies } from '../../shared/evaluate/joinTopologies.ts';
import { judge } from '../../shared/evaluate/judge.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import { DRIFT_LETTERS, MARKER } from '../../shared/guest/wire.ts';
import { commandIdOf } from '../../shared/model/commandId.ts';
import { finding } from '../../shared/model/findings.ts';
import type { Drift, GuestMode, GuestReport } from '../../shared/model/guest.ts';
import { type IdKey, idKey } from '../../shared/model/ids.ts';
import type { NewsRow } from '../../shared/model/news.ts';
import type { GuestLook, NamedPlan } from '../../shared/model/path.ts';
import type { CommandView } from '../../shared/model/ports.ts';
import {
  acceptedRun,
  type CommandPhase,
  type CommandRow,
  type FrontendRow,
  type OutcomeRow,
  type RunRow,
  type VmRow,
} from '../../shared/model/rows.ts';
import type { Scope } from '../../shared/model/scope.ts';
import type { LoopSettings } from '../../shared/model/settings.ts';
import type { ScopeItem, SignalKind } from '../../shared/model/signal.ts';
import { rowKey, type Versioned } from '../../shared/model/store.ts';
import type { AgentView } from '../../shared/model/surroundings.ts';
import type { BackendHealth } from '../../shared/model/topology.ts';
import { articleWorld, frontendId, SETTINGS, SUBSCRIPTION, vmId, type World } from './world.ts';

/** The time of every pass, epoch milliseconds. */
export const NOW = Date.UTC(2026, 0, 5, 10);
const SECOND = 1000;
/** So many seconds before the pass. */
export const ago = (seconds: number): number => NOW - seconds * SECOND;
/** So many seconds after the pass. */
export const later = (seconds: number): number => NOW + seconds * SECOND;

export interface Words {
  world?: World;
  settings?: Partial<LoopSettings>;
  runs?: RunRow[];
  outcomes?: OutcomeRow[];
  vms?: VmRow[];
  /** In place of the rows of the world's mirrors, whose health was asked 5 s ago. */
  frontends?: FrontendRow[];
  /** By VM. */
  looks?: Record<string, Look>;
  /** What was told so far; nothing is told without. */
  news?: NewsRow[];
  /** By mirror. */
  health?: Record<string, HealthAnswer>;
  /** Runs that the pass before began to plan. */
  begun?: string[];
  /** VMs and mirrors whose rows cannot be used. */
  unusable?: string[];
  /** VMs by run whose outcomes cannot be read. */
  unreadable?: Record<string, string[]>;
  /** Runs of which every outcome was read; all by default. */
  whole?: string[];
  /** Whether the estate was read, or why it could not be. */
  estate?: 'read' | 'unread' | AzureError;
}

/** A row as it was read. */
export const versioned = <T>(row: T): Versioned<T> => ({ row, etag: 'W/"1"' });

/** What the loop has read. */
export function seen(words: Words = {}): Observed {
  const world = words.world ?? articleWorld();
  const runs = words.runs ?? [];
  const estate = words.estate ?? 'read';
  const broken = (name: string): string => (world.vms.includes(name) ? vmId(name) : frontendId(name));
  const observed: Observed = {
    subscriptionId: SUBSCRIPTION,
    now: NOW,
    runs: runs.map(versioned),
    intake: intakeOf(runs, words.begun),
    outcomes: (words.outcomes ?? []).map(versioned),
    whole: new Set(words.whole ?? runs.map(({ runId }) => runId)),
    vms: (words.vms ?? []).map(versioned),
    frontends: (words.frontends ?? world.mirrors.map(({ name }) => frontend(name, {}, world))).map(versioned),
    looks: byKey(words.looks, vmId),
    health: byKey(words.health, frontendId),
    unusable: new Map(
      (words.unusable ?? []).map((name) => [
        rowKey(broken(name)),
        finding('ROW_UNUSABLE', { row: name, why: 'It is broken.' }),
      ]),
    ),
    unreadableOutcomes: new Map(
      Object.entries(words.unreadable ?? {}).map(([run, vms]) => [run, new Set(vms.map((vm) => rowKey(vmId(vm))))]),
    ),
  };
  if (words.news) observed.news = words.news.map(versioned);
  if (estate === 'read') observed.survey = surveyOf(world, words.settings?.scope);
  else if (estate !== 'unread') observed.estateError = estate;
  return observed;
}

const byKey = <T>(of: Record<string, T> = {}, id: (name: string) => string): Map<IdKey, T> =>
  new Map(Object.entries(of).map(([name, value]) => [idKey(id(name)), value]));

/** A pass that has the estate, as it stands once the answers of this pass are in. */
export function pass(words: Words = {}): EstatePass {
  const observed = seen({ ...words, estate: 'read' });
  if (words.estate instanceof AzureError) observed.estateError = words.estate;
  const begun = startPass(observed, { ...SETTINGS, ...words.settings });
  const known = begun.survey as NonNullable<Observed['survey']>;
  const evaluation = judge(known, healthOf(begun.frontends.all()), knowledgeOf(begun, known), NOW);
  return { ...begun, survey: known, evaluation };
}

/** As the first subscription's loop sees it. */
export const surveyOf = (world: World, given: Scope = SETTINGS.scope) => {
  const others = new Set([...world.homes.values()].filter((id) => id !== SUBSCRIPTION));
  const scope = others.size > 0 ? { ...given, subscriptionIds: [SUBSCRIPTION, ...others] } : given;
  const lists = [...others].map((id) => world.lists(id));
  return survey(joinTopologies(world.lists(SUBSCRIPTION), lists, []), scope);
};

/** The plan that a VM has in a world. */
export function planOf(vm: string, world: World = articleWorld()): NamedPlan {
  const named = surveyOf(world).plans.get(idKey(vmId(vm)));
  if (!named) throw new Error(`${vm} has no plan`);
  return named;
}

const SIGNALS: Record<string, SignalKind> = { change: 'resourceChange', moved: 'primaryMoved' };

/**
 * A running run: its id, what woke it, and the VMs, mirrors and addresses that it is about: `f1 failover hs-a
 * 10.0.1.100`, `m1 manual hs-a`, `s1 sweep`. Accepted 60 s ago, planned 50 s ago.
 */
export function run(text: string, more: Partial<RunRow> = {}): RunRow {
  const [runId = '', word = '', ...about] = text.split(' ');
  const all: ScopeItem = { kind: 'subscription', id: `/subscriptions/${SUBSCRIPTION}` };
  const scope = about.length > 0 ? about.map(scopeItem) : [all];
  const signal = SIGNALS[word] ?? (word as SignalKind);
  return {
    ...acceptedRun({
      subscriptionId: SUBSCRIPTION,
      runId,
      signal,
      scope,
      mode: 'apply',
      dryRun: false,
      observedAt: ago(60),
    }),
    ...(more.state === 'accepted' ? {} : { state: 'running', startedAt: ago(50) }),
    ...more,
  };
}

function scopeItem(name: string): ScopeItem {
  if (/^\d/.test(name)) return { kind: 'vip', id: name };
  return name.startsWith('hs-') ? { kind: 'vm', id: vmId(name) } : { kind: 'frontend', id: frontendId(name) };
}

/** A run that nobody has planned yet. */
export const accepted = (text: string, more: Partial<RunRow> = {}): RunRow => run(text, { ...more, state: 'accepted' });

/** `s1 hs-a` waits; `s1 hs-a 7` has command 7; `s1 hs-a repaired` has ended so. */
export function outcome(text: string, more: Partial<OutcomeRow> = {}): OutcomeRow {
  const [runId = '', vm = '', how] = text.split(' ');
  const waiting: OutcomeRow = {
    runId,
    vmId: vmId(vm),
    state: 'waiting',
    findings: [],
    paths: [],
    changed: 0,
    warnings: [],
  };
  if (how === undefined) return { ...waiting, ...more };
  const seq = Number(how);
  if (seq > 0) return { ...waiting, state: 'commanded', seq, commands: 1, ...more };
  return { ...waiting, state: 'settled', result: how as OutcomeRow['result'] & string, settledAt: ago(10), ...more };
}

/** A VM's row: `hs-a` with nothing in flight, `hs-a sent apply 7` with a command, `hs-a ok 6` with one that ended. */
export function vm(text: string, more: Partial<VmRow> = {}): VmRow {
  const [name = '', word, mode, number] = text.split(' ');
  const row: VmRow = {
    vmId: vmId(name),
    location: 'westeurope',
    os: 'linux',
    seq: 6,
    slot: 'A',
    proofs: {},
    findings: [],
  };
  if (word === undefined) return { ...row, ...more };
  if (word === 'ok') {
    const last = { seq: Number(mode), mode: 'apply' as const, endedAt: ago(5), changed: 0, warnings: [] };
    return { ...row, seq: last.seq, last, look: looked(name, { at: ago(5) }), ...more };
  }
  const command = commandOf(name, word as CommandPhase, mode as GuestMode, Number(number));
  return { ...row, seq: command.seq, command, ...more };
}

/** The same row with other words in its command. */
export const commanded = (text: string, command: Partial<CommandRow>, more: Partial<VmRow> = {}): VmRow => {
  const row = vm(text, more);
  return { ...row, command: { ...(row.command as CommandRow), ...command } };
};

function commandOf(name: string, phase: CommandPhase, mode: GuestMode, seq: number): CommandRow {
  const { plan, hash } = planOf(name);
  const row: CommandRow = {
    seq,
    mode,
    slot: 'A',
    phase,
    runIds: ['m1'],
    plan,
    planHash: hash,
    vips: plan.frontends.map(({ vip }) => vip),
    intendedAt: ago(40),
    deadline: later(60),
  };
  return phase === 'intended' ? row : { ...row, sentAt: ago(30), healthyVips: row.vips };
}

export interface Heard extends Partial<Omit<GuestLook, 'report'>> {
  mode?: GuestMode;
  drift?: Drift[];
  connect?: 'ok' | 'timeout' | 'none';
  report?: Partial<GuestReport>;
}

/** What a look into a guest said: by default that all is as planned, a minute ago. */
export function looked(name: string, { mode = 'apply', drift = [], connect = 'ok', report, ...more }: Heard = {}) {
  const { plan, hash } = planOf(name);
  const look: GuestLook = {
    at: ago(60),
    planHash: hash,
    report: {
      schema: 1,
      commandId: '0'.repeat(32),
      os: 'linux',
      mode,
      changed: 0,
      paths: plan.frontends.map(({ vip }) => ({
        vip,
        before: drift,
        after: drift,
        connectBefore: { outcome: connect, ms: 1 },
        connectAfter: { outcome: connect, ms: 1 },
        proof: connect === 'ok' ? 'remote' : 'none',
      })),
      warnings: [],
      heals: true,
      ...report,
    },
    ...more,
  };
  return look;
}

/** The row of a mirror's frontend as the world has it, asked 5 s ago. */
export function frontend(name: string, more: Partial<FrontendRow> = {}, world: World = articleWorld()): FrontendRow {
  const mirror = world.mirrors.find((item) => item.name === name);
  if (!mirror) throw new Error(`no mirror ${name}`);
  const backends = world.health(ruleId(name));
  const primary = backends.find(({ up }) => up);
  return {
    frontendId: frontendId(name),
    vip: mirror.vip,
    healthRuleId: ruleId(name),
    probeSeconds: 10,
    mirror: true,
    backends,
    knownAt: ago(5),
    askedAt: ago(5),
    ...(primary ? { primaryAddress: primary.address, primarySince: ago(3600) } : {}),
    ...more,
  };
}

export const ruleId = (name: string): string =>
  frontendId(name).replace('frontendIPConfigurations', 'loadBalancingRules');

/** Health in which one VM of a mirror is up; nobody without one. */
export function up(name: string, on?: string, world: World = articleWorld()): HealthAnswer {
  const mirror = world.mirrors.find((item) => item.name === name);
  if (!mirror) throw new Error(`no mirror ${name}`);
  mirror.primary = on;
  const backends: BackendHealth[] = world.health(ruleId(name));
  return { kind: 'known', backends };
}

/** What Azure shows of a slot, and of the agent where it was asked. */
export const shows = (view?: Partial<CommandView>, agent?: AgentView): Look => ({
  kind: 'seen',
  at: NOW,
  view: view && {
    slot: 'A',
    state: 'Unknown',
    provisioningState: 'Succeeded',
    output: '',
    error: '',
    message: '',
    ...view,
  },
  ...(agent ? { agent } : {}),
});

export const READY: AgentView = { status: 'Ready', version: '2.11.1.4' };

/** Azure refuses to show it. */
export const refuses = (status: number, message = `answered ${status}`): Look => ({
  kind: 'failed',
  at: NOW,
  error: azureError(status, message),
});

export const azureError = (status: number, message = `answered ${status}`): AzureError =>
  new AzureError({ status, azureCode: 'Test', action: 'Microsoft.Compute/virtualMachines/read', message });

/** The id of a VM's command. */
export const commandId = (name: string, seq: number): string => commandIdOf(rowKey(vmId(name)), seq);

export interface Said {
  mode?: GuestMode;
  /** What was wrong on each path before, and after. */
  before?: Drift[];
  after?: Drift[];
  connect?: string;
  /** With the accepted port where it is told, as `s1972`. */
  proof?: `s${number | ''}` | 'r' | 'n';
  changed?: number;
  more?: object;
}

/** What a VM's command printed: by default that all was well already. */
export function printed(name: string, seq: number, said: Said = {}): string {
  const { mode = 'apply', before = [], after = [], connect = 'o9', proof = 'r', changed = 0, more } = said;
  const letters = (drifts: Drift[]) =>
    Object.entries(DRIFT_LETTERS)
      .filter(([, word]) => drifts.includes(word))
      .map(([letter]) => letter)
      .join('');
  const p = planOf(name).plan.frontends.map(
    (_, i) => `${i};${letters(before)};${letters(after)};${connect};=;${proof};`,
  );
  return `${MARKER} ${commandId(name, seq)} ${JSON.stringify({ v: 1, os: 'linux', mode, chg: changed, p, w: [], ...more })}`;
}
