/** What observe must read for a pass, said of what it has read already. Pure. */
import { type IdKey, idKey, isWithin, sameId } from '../model/ids.ts';
import type { LeaseRow } from '../model/lease.ts';
import {
  type CommandRow,
  type FrontendRow,
  hasPlace,
  isUnconfirmed,
  type OutcomeRow,
  type RunRow,
} from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import { isStuck } from './limits.ts';
import { asQuestion, OTHERS_FRESH_MS } from './otherRules.ts';
import type { Look, Observed } from './pass.ts';
import { isToBeTried } from './refusing.ts';

/** While a run is open, health older than this is asked again, milliseconds. */
const FRESH_MS = 15_000;
const MINUTE_MS = 60_000;

/** True while Azure shows a command to be running. */
const isRunning = (look: Look | undefined): boolean =>
  look?.kind === 'seen' && ['Pending', 'Running'].includes(look.view?.state ?? '');

/**
 * True when a pass needs the estate: a run to plan, a VM that may be next, a command to send, or one that ended. While all that
 * is open waits for commands that still run, nothing of it is read.
 */
export function needsEstate(
  seen: Pick<Observed, 'runs' | 'intake' | 'outcomes' | 'looks' | 'vms' | 'now'>,
  settings: LoopSettings,
  refusing?: LeaseRow['refusing'],
): boolean {
  if (isToBeTried(refusing?.lists, seen.now)) return true;
  if (seen.intake.planned.size > 0) return true;
  if (seen.runs.some(({ row }) => isUnconfirmed(row))) return true;
  const commands = new Map<IdKey, CommandRow>();
  for (const { row } of seen.vms) if (row.command) commands.set(idKey(row.vmId), row.command);
  // Right before a command is sent it is asked whether it is still what should be done.
  if ([...commands].some(([vm, command]) => mayBeSent(command, seen.looks.get(vm)))) return true;
  let running = 0;
  let places = settings.maxCommands;
  // One that does not end is waited for no more: what waits for it is told so.
  const runs = (vm: IdKey, command: CommandRow | undefined): boolean =>
    isRunning(seen.looks.get(vm)) && !(command && isStuck(command, settings, seen.now));
  for (const [vm, command] of commands) {
    if (runs(vm, command)) running += 1;
    if (hasPlace(command, seen.now)) places -= 1;
  }
  const mayGo = running === 0 || running < commands.size;
  return seen.outcomes.some(({ row }) => {
    if (row.state === 'settled') return false;
    if (row.state === 'waiting') return (row.notBefore ?? 0) <= seen.now && (mayGo || mayBeNext(row, places > 0));
    const key = idKey(row.vmId);
    return commands.get(key)?.seq !== row.seq || !runs(key, commands.get(key));
  });
}

/** True for a command that Azure does not hold yet, as far as is known. */
const mayBeSent = ({ phase, shown }: CommandRow, look: Look | undefined): boolean =>
  phase === 'intended' || (phase === 'sent' && !shown && look?.kind === 'seen' && !isRunning(look));

/** Most of what is waited for is another command's end, the rest is a place under the ceiling or a time that has come. */
function mayBeNext(outcome: OutcomeRow, isPlaceFree: boolean): boolean {
  if (outcome.waitingFor === 'COMMAND_LIMIT') return isPlaceFree;
  return outcome.waitingFor === undefined || outcome.notBefore !== undefined;
}

/** True when a pass needs the frontends' rows without the estate: a command is about to move, or one is to be asked. */
export const needsFrontends = ({ looks, now }: Pick<Observed, 'looks' | 'now'>, watchAt: number): boolean =>
  now >= watchAt || [...looks.values()].some((look) => !isRunning(look));

export interface DueInput {
  subscriptionId: string;
  now: number;
  frontends: readonly FrontendRow[];
  runs: readonly RunRow[];
  /** Frontends that open runs look at in this pass. */
  inPlay: ReadonlySet<IdKey>;
  /** When health was asked for within the last minute. */
  recentAsks: readonly number[];
}

/** How many times health may be asked for now. */
export const roomForHealth = (now: number, recentAsks: readonly number[], settings: LoopSettings): number =>
  settings.healthPerMinute - recentAsks.filter((at) => at <= now && now - at < MINUTE_MS).length;

/**
 * How many of them may go to what no failover waits for. For the first of those that are announced as many are kept as
 * there may be commands at a time, no more than a third of the ceiling; two thirds while one waits. The watch of a large
 * estate would leave none, and a failover would wait for a minute.
 */
export function roomForOthers(
  now: number,
  recentAsks: readonly number[],
  settings: LoopSettings,
  isAnnounced: boolean,
): number {
  const { healthPerMinute: ceiling, maxCommands } = settings;
  const kept = isAnnounced ? Math.floor((2 * ceiling) / 3) : Math.min(maxCommands, Math.floor(ceiling / 3));
  return roomForHealth(now, recentAsks, settings) - kept;
}

/** How long ago a frontend was asked. In the future: before the clock was set back. */
const ageOf = (row: FrontendRow, now: number): number =>
  row.askedAt > now ? Number.POSITIVE_INFINITY : now - row.askedAt;

/**
 * The frontends to ask now, most urgent first and the longest unasked before others, so that a ceiling below the
 * number of frontends rotates through them all. Their rules with other pools or another probe come last, each as a row
 * under its own id.
 */
export function healthDue(input: DueInput, settings: LoopSettings): FrontendRow[] {
  const { now } = input;
  const room = roomForHealth(now, input.recentAsks, settings);
  if (room <= 0) return [];
  const announced = announcedIn(input.runs.filter(isUnconfirmed));
  const isOwn = isOwnFrontend(input.subscriptionId);
  const urgency = (row: FrontendRow, key: IdKey): number | undefined => {
    const age = ageOf(row, now);
    // The load balancer's own loop goes first: what it has just asked nobody asks again.
    if (announced.has(key)) return age > 0 && (isOwn(row) || age >= settings.bellSeconds * 1000) ? 0 : undefined;
    if (input.inPlay.has(key) && age >= FRESH_MS) return 1;
    return isOwn(row) && row.mirror && age >= settings.watchSeconds * 1000 ? 2 : undefined;
  };
  const due: { row: FrontendRow; key: IdKey; urgency: number }[] = [];
  for (const row of input.frontends) {
    if (row.healthRuleId === undefined || isAsking(row)) continue;
    const key = idKey(row.frontendId);
    const how = urgency(row, key);
    if (how !== undefined) due.push({ row, key, urgency: how });
    for (const other of input.inPlay.has(key) ? (row.others ?? []) : []) {
      const question = asQuestion(row, other);
      if (isAsking(question) || ageOf(question, now) < OTHERS_FRESH_MS) continue;
      due.push({ row: question, key: idKey(other.ruleId), urgency: 3 });
    }
  }
  due.sort((a, b) => a.urgency - b.urgency || a.row.askedAt - b.row.askedAt || (a.key < b.key ? -1 : 1));
  const first = due.filter((item) => item.urgency === 0).slice(0, Math.min(room, roomForAnnounced(input, settings)));
  const left = roomForOthers(now, input.recentAsks, settings, input.runs.some(isUnsettled)) - first.length;
  const others = due.filter((item) => item.urgency > 0).slice(0, Math.max(0, left));
  return [...first, ...others].map((item) => item.row);
}

/** True for a failover that waits, or is about to. */
const isUnsettled = (run: RunRow): boolean =>
  isUnconfirmed(run) || (run.signal === 'failover' && run.state === 'accepted');

const announcedIn = (runs: readonly RunRow[]): Set<IdKey> =>
  new Set(runs.flatMap((run) => (run.confirmation?.frontendIds ?? []).map(idKey)));

/** What an answer takes at least, milliseconds: rule health says `Retry-After: 10`. */
const ANSWER_MS = 10_000;

/**
 * How many announced frontends may be asked about now: while one answer is on its way, no more than there may be
 * commands at a time. A storm that asks about all at once has no question left for those whose turn comes next.
 */
function roomForAnnounced({ now, frontends, runs }: DueInput, settings: LoopSettings): number {
  const keys = announcedIn(runs);
  const asked = frontends.filter((row) => ageOf(row, now) < ANSWER_MS && keys.has(idKey(row.frontendId)));
  return Math.max(0, settings.maxCommands - asked.length);
}

/** Whether a frontend's load balancer lies in a subscription: its loop watches it. */
const isOwnFrontend =
  (subscriptionId: string) =>
  ({ frontendId }: FrontendRow): boolean =>
    isWithin(frontendId, `/subscriptions/${subscriptionId}`);

/** True while Azure has a question about a frontend's health that it has not answered; one about another rule is dropped. */
export const isAsking = ({ asking, healthRuleId }: FrontendRow): boolean =>
  asking !== undefined && healthRuleId !== undefined && sameId(asking.ruleId, healthRuleId);

/** The frontends whose question is to be gone on with now: it was counted when it was put. */
export const questionsDue = (frontends: readonly FrontendRow[], now: number): FrontendRow[] =>
  frontends.filter((row) => {
    const { notBefore = 0, since = 0 } = row.asking ?? {};
    // Put in the future: before the clock was set back.
    return isAsking(row) && (notBefore <= now || since > now);
  });

/** When the next question is to be gone on with, epoch milliseconds; undefined where there is none. */
export function nextQuestion(frontends: readonly FrontendRow[]): number | undefined {
  const times = frontends.flatMap((row) => (isAsking(row) && row.asking ? row.asking.notBefore : []));
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * When a mirror is to be watched next, epoch milliseconds: until then nobody needs to read the frontends for that. At
 * once where some are due and found no room.
 */
export function nextWatch(
  subscriptionId: string,
  frontends: readonly FrontendRow[],
  now: number,
  settings: LoopSettings,
): number {
  const watched = frontends
    .filter(isOwnFrontend(subscriptionId))
    .filter((row) => row.mirror && row.healthRuleId !== undefined);
  const dueIn = watched.map((row) => Math.max(0, settings.watchSeconds * 1000 - ageOf(row, now)));
  return dueIn.reduce((soonest, ms) => Math.min(soonest, now + ms), now + settings.watchSeconds * 1000);
}
