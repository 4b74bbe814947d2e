/**
 * Reads an estate for an assessment: lists, rule health and what earlier commands came to. Changes nothing.
 * Long: one reading of an estate, and what it could not read.
 */

import { type AzureError, asAzureError, InputError } from '../errors.ts';
import type { FrontendInPlay } from '../evaluate/frontends.ts';
import { joinTopologies } from '../evaluate/joinTopologies.ts';
import { narrow, unmatched } from '../evaluate/narrow.ts';
import { planHash } from '../evaluate/planHash.ts';
import { type Survey, type Surveyed, surveyed } from '../evaluate/survey.ts';
import { isProvable } from '../evaluate/way.ts';
import { hearLast } from '../guest/lastReport.ts';
import { inBatches } from '../model/batches.ts';
import {
  type EstateReading,
  type EstateRequest,
  type Heard,
  LEFT_OUT,
  type Progress,
  type Unread,
} from '../model/estateReading.ts';
import type { GuestOs, GuestReport } from '../model/guest.ts';
import { type IdKey, idKey, shortName } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { NamedPlan, Proof, VmKnowledge } from '../model/path.ts';
import type {
  AgentReader,
  Clock,
  LastCommand,
  LastCommandReader,
  ListReader,
  RuleHealthReader,
  SubscriptionName,
  SubscriptionReader,
  SurroundingsReader,
} from '../model/ports.ts';
import { type ScopeTags, wholeScope } from '../model/scope.ts';
import type { FrontendHealth, Rule, RuleHealth, Topology } from '../model/topology.ts';
import { readSurroundings } from './surroundings.ts';

export interface AssessPorts {
  subscriptions: SubscriptionReader;
  lists: ListReader;
  health: RuleHealthReader;
  commands: LastCommandReader;
  surroundings: SurroundingsReader;
  agents: AgentReader;
  clock: Clock;
}

/** What a look brings. */
export interface Looked {
  observed: EstateReading;
  /** The survey of all of it, whatever the request narrows. */
  whole: Surveyed;
}

/** How many are asked for at a time. Azure lets a caller read 25 times a second, after 250 at once. */
const WIDTH = { lists: 4, health: 10, reports: 8 } as const;
/** The most that is asked for: beyond, a person has to narrow. Rule health takes Azure ten seconds and more. */
const MOST = { health: 300, reports: 200 } as const;

const HEALTH_ACTION = 'Microsoft.Network/loadBalancers/loadBalancingRules/health/action';
const REPORT_ACTION = 'Microsoft.Compute/virtualMachines/runCommands/read';

/**
 * Observes an estate. What could not be read is told in `unread`, and all else goes on. Throws AzureError when nothing
 * at all could be read, and InputError for a filter that names what is not there.
 */
export async function observeEstate(
  ports: AssessPorts,
  request: EstateRequest,
  tags: ScopeTags,
  progress: Progress,
): Promise<Looked> {
  progress('subscriptions', 0, 1);
  const wanted = await subscriptionsOf(ports.subscriptions, request);
  const unread: Unread[] = [];
  const { topology, subscriptions } = await readLists(ports.lists, wanted, unread, progress);
  const whole = surveyed(
    topology,
    wholeScope(
      subscriptions.map(({ id }) => id),
      tags,
    ),
  );
  refuseUnmatched(whole.survey, topology, request, unread);
  const narrowed = narrow(whole.survey, request);
  const [health, { knowledge, heard }, surroundings] = await Promise.all([
    readHealths(ports, narrowed, request, unread, progress),
    readReports(ports.commands, narrowed, request, unread, progress),
    readSurroundings(ports, narrowed, whole.index, request.preconditions, progress),
  ]);
  unread.push(...surroundings.unread);
  topology.notes.push(...surroundings.notes);
  const observed = {
    at: ports.clock.now(),
    subscriptions,
    topology,
    health,
    knowledge,
    heard,
    surroundings: surroundings.read,
    unread,
  };
  return { observed, whole };
}

async function subscriptionsOf(reader: SubscriptionReader, request: EstateRequest): Promise<SubscriptionName[]> {
  const named = [...new Set(request.subscriptionIds.map((id) => id.toLowerCase()))];
  if (named.length > 0) return named.map((id) => ({ id }));
  const seen = await reader.list();
  if (seen.length > 0) return seen;
  throw new InputError(
    'NOT_FOUND',
    'subscriptions',
    'none',
    'this sign-in sees no subscription',
    'Sign in to the right directory (az login --tenant ID), or ask for the role Reader on a subscription.',
  );
}

async function readLists(reader: ListReader, wanted: SubscriptionName[], unread: Unread[], progress: Progress) {
  const read = new Map<string, Topology>();
  const errors: AzureError[] = [];
  progress('lists', 0, wanted.length);
  let done = 0;
  await inBatches(wanted, WIDTH.lists, async ({ id, name }) => {
    const { topology, refused } = await reader.read(id);
    if (topology) read.set(id, topology);
    for (const error of refused) {
      errors.push(error);
      unread.push({ ...unreadBy('lists', `/subscriptions/${id}`, error), ...defined({ name }) });
    }
    done += 1;
    progress('lists', done, wanted.length);
  });
  const [first] = errors;
  if (read.size === 0 && first) throw first;
  const parts = wanted.flatMap(({ id }) => read.get(id) ?? []);
  // No subscription's own: all of them are looked at, not those that one loop has to do with.
  const notes = parts.flatMap((part) => part.notes);
  const topology = joinTopologies({ subscriptionId: '', vms: [], nics: [], loadBalancers: [], notes }, parts, []);
  return { topology, subscriptions: wanted.filter(({ id }) => read.has(id)) };
}

function refuseUnmatched(whole: Survey, topology: Topology, request: EstateRequest, unread: readonly Unread[]): void {
  const balancers = topology.loadBalancers.map(({ id }) => id);
  const { resourceGroups, loadBalancers } = unmatched(whole, balancers, request);
  const where = unread.length > 0 ? 'in the subscriptions that could be read' : 'in the subscriptions';
  const [group] = resourceGroups;
  if (group !== undefined) {
    throw new InputError('NOT_FOUND', '--resource-group', group, `no VM and no load balancer ${where} is in it`);
  }
  const [balancer] = loadBalancers;
  if (balancer === undefined) return;
  const some = [...new Set(balancers.map(shortName))].slice(0, 10).join(', ');
  throw new InputError(
    'NOT_FOUND',
    '--load-balancer',
    balancer,
    `no load balancer ${where} has that name or id`,
    some === '' ? 'There is no load balancer.' : `Among those that there are: ${some}.`,
  );
}

/**
 * Health of every frontend: of each rule that has a pool or probe of its own, the one that tells who is primary first.
 * Mirrors go first. One row for each load balancer that was not told.
 */
async function readHealths(
  { health: reader, clock }: AssessPorts,
  { frontends }: Survey,
  { health: isWanted }: EstateRequest,
  unread: Unread[],
  progress: Progress,
): Promise<Map<IdKey, FrontendHealth>> {
  const answers = new Map<Rule, RuleHealth>();
  const missing = new Map<string, Unread>();
  const miss = (row: Unread): void => {
    missing.set(`${idKey(row.id)} ${row.code}`, row);
  };
  const questions = frontends
    .flatMap(({ frontend }) => probed(frontend).map((rule) => ({ frontend, rule })))
    .sort((a, b) => urgency(b) - urgency(a));
  const most = isWanted ? MOST.health : 0;
  const asked = questions.slice(0, most);
  const why = isWanted ? `only ${most} rules are asked about` : LEFT_OUT;
  for (const { frontend } of questions.slice(most)) {
    miss(notAsked('health', frontend.loadBalancer.id, HEALTH_ACTION, why));
  }
  let done = 0;
  progress('health', 0, asked.length);
  await inBatches(asked, WIDTH.health, async ({ frontend, rule }) => {
    const { id } = frontend.loadBalancer;
    try {
      const backends = await reader.read(rule.id);
      if (Array.isArray(backends)) answers.set(rule, { ruleId: rule.id, backends, at: clock.now() });
      else {
        const text = 'Azure did not finish within the time limit.';
        miss({ what: 'health', id, action: HEALTH_ACTION, code: 'AZURE_UNREACHABLE', text });
      }
    } catch (error) {
      miss(unreadBy('health', id, asAzureError(error, HEALTH_ACTION)));
    }
    done += 1;
    progress('health', done, asked.length);
  });
  unread.push(...missing.values());
  return new Map(frontends.map(({ frontend }) => [frontend.key, healthOf(frontend, answers)]));
}

const probed = ({ served }: FrontendInPlay): Rule[] => served.filter(({ probeId }) => probeId !== undefined);

/** The rule that tells who is primary before the others, and a mirror's before those of plain pools. */
const urgency = ({ frontend, rule }: { frontend: FrontendInPlay; rule: Rule }): number =>
  2 * Number(rule === frontend.healthRule) + Number(frontend.mirror);

function healthOf(frontend: FrontendInPlay, answers: ReadonlyMap<Rule, RuleHealth>): FrontendHealth {
  const main = frontend.healthRule && answers.get(frontend.healthRule);
  const others = probed(frontend).flatMap((rule) => (rule === frontend.healthRule ? [] : (answers.get(rule) ?? [])));
  const { backends = [], at = 0 } = main ?? {};
  return { frontendId: frontend.frontend.id, state: main ? 'known' : 'unknown', backends, at, others };
}

/** What the last command came to on each VM that has a plan. */
async function readReports(
  reader: LastCommandReader,
  { waysOfVm, plans, vms }: Survey,
  { reports: isWanted }: EstateRequest,
  unread: Unread[],
  progress: Progress,
): Promise<{ knowledge: Map<IdKey, VmKnowledge>; heard: Map<IdKey, Heard> }> {
  const knowledge = new Map<IdKey, VmKnowledge>();
  const heard = new Map<IdKey, Heard>();
  const planned = [...waysOfVm].flatMap(([key, ways]) => {
    const named = plans.get(key);
    const [way] = ways;
    return named && way && ways.some(isProvable) ? [{ key, named, vmId: way.member.vmId }] : [];
  });
  const most = isWanted ? MOST.reports : 0;
  const why = isWanted ? `only ${most} VMs are asked about` : LEFT_OUT;
  for (const { key, vmId } of planned.slice(most)) {
    heard.set(key, 'unread');
    unread.push(notAsked('report', vmId, REPORT_ACTION, why));
  }
  const asked = planned.slice(0, most);
  let done = 0;
  progress('reports', 0, asked.length);
  await inBatches(asked, WIDTH.reports, async ({ key, named, vmId }) => {
    try {
      const os = vms.get(key)?.os;
      const last = os === undefined || os === 'unknown' ? undefined : { os, command: await reader.read(vmId) };
      if (last?.command) hear(key, named, last.os, last.command);
      else heard.set(key, 'never');
    } catch (error) {
      heard.set(key, 'unread');
      unread.push(unreadBy('report', vmId, asAzureError(error, REPORT_ACTION)));
    }
    done += 1;
    progress('reports', done, asked.length);
  });
  return { knowledge, heard };

  function hear(key: IdKey, named: NamedPlan, os: GuestOs, command: LastCommand): void {
    const last = hearLast(command, os);
    if (typeof last === 'string') {
      heard.set(key, last === 'removed' ? 'never' : last);
      return;
    }
    if (planHash(last.plan) !== named.hash) {
      heard.set(key, 'other-plan');
      return;
    }
    heard.set(key, 'report');
    const at = command.endedAt ?? 0;
    const look = { at, planHash: named.hash, report: last.report };
    knowledge.set(key, { look, proofs: proofsOf(last.report, at), held: false, findings: [] });
  }
}

/** The proofs of one report alone: what earlier ones proved is the app’s knowledge. */
const proofsOf = ({ paths }: GuestReport, at: number): Record<string, Proof> =>
  Object.fromEntries(
    paths.map(({ vip, proof, accepted }) => [
      vip,
      { kind: proof, at, ...(accepted ? { seen: [{ ...accepted, at }] } : {}) },
    ]),
  );

const unreadBy = (what: Unread['what'], id: string, error: AzureError): Unread => ({
  what,
  id,
  action: error.action,
  code: error.code,
  text: error.message,
});

const notAsked = (what: Unread['what'], id: string, action: string, text: string): Unread => ({
  what,
  id,
  action,
  code: 'NOT_ASKED',
  text,
});
