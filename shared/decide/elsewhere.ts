/**
 * Members of one mirror in several subscriptions, each with a loop of its own: they exclude one another by their rows.
 * A loop writes its intent, and in a later pass, right before it sends, reads the commands of the others. Whoever sees
 * another one does not send: so of two that wrote and then read, not both go on, whatever stands still or dies in
 * between. Of two intents the one whose VM has the higher key is taken back, or both would wait for ever. Pure.
 */
import type { Survey, SurveyedFrontend } from '../evaluate/survey.ts';
import { type IdKey, idKey, isWithin } from '../model/ids.ts';
import type { CommandRow, VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Elsewhere, Observed } from './pass.ts';
import { covered } from './scope.ts';

/** What observe must read of other subscriptions. */
export interface ElsewhereNeed {
  members: ReadonlySet<IdKey>;
}

/** The frontends of a VM that other loops work on too. */
export const sharedOf = (survey: Survey, vm: IdKey): SurveyedFrontend[] =>
  survey.shared.size === 0
    ? []
    : (survey.waysOfVm.get(vm) ?? []).flatMap(({ frontendKey }) => survey.shared.get(frontendKey) ?? []);

/** True for a command that keeps away others of its frontends, also of other subscriptions. */
const isExclusive = ({ mode, shared }: CommandRow): boolean => mode !== 'check' && shared !== undefined;

/**
 * What of other subscriptions must be read: something where a command that is shared with them is about to be sent or
 * could be started; undefined in all other passes, and where one subscription alone is configured.
 */
export function needsElsewhere(
  seen: Pick<Observed, 'vms' | 'outcomes' | 'runs' | 'intake' | 'survey' | 'now'>,
  { scope }: Pick<LoopSettings, 'scope'>,
): ElsewhereNeed | undefined {
  if (scope.subscriptionIds.length < 2) return undefined;
  const members = new Set<IdKey>();
  let isNeeded = seen.vms.some(({ row: { command } }) => command?.phase === 'intended' && isExclusive(command));
  const { survey } = seen;
  if (!survey) return isNeeded ? { members } : undefined;
  for (const vm of vmsInTurn(seen, survey)) {
    // One that is held back may be behind a frontend that nobody could read.
    isNeeded ||= survey.unread.length > 0;
    for (const { members: all } of sharedOf(survey, vm)) {
      isNeeded = true;
      for (const member of all) if (!survey.isOwn(member.key)) members.add(member.key);
    }
  }
  return isNeeded ? { members } : undefined;
}

/** The loop's own VMs that may be given a command in this pass. */
function vmsInTurn(
  { outcomes, runs, intake, now }: Pick<Observed, 'outcomes' | 'runs' | 'intake' | 'now'>,
  survey: Survey,
): Set<IdKey> {
  const vms = new Set<IdKey>();
  for (const { row } of outcomes) {
    if (row.state === 'waiting' && (row.notBefore ?? 0) <= now) vms.add(idKey(row.vmId));
  }
  if (survey.shared.size === 0) return vms;
  const ways = { all: survey.ways, ofVm: survey.waysOfVm, ofFrontend: survey.waysOfFrontend };
  for (const { row } of runs) {
    if (!intake.planned.has(row.runId)) continue;
    for (const { vmKey } of covered(row, ways, survey)) if (survey.isOwn(vmKey)) vms.add(vmKey);
  }
  return vms;
}

/** True while a frontend of a command lies in a subscription whose lists are missing: whether its plan still holds is not known. */
export const isCutOff = ({ unread }: Survey, { shared = [] }: CommandRow): boolean =>
  shared.some((id) => unread.some(({ subscriptionId }) => isWithin(id, `/subscriptions/${subscriptionId}`)));

/** VMs of other subscriptions whose command keeps one away that is about these frontends. */
export function rivalsOf(elsewhere: Elsewhere | undefined, shared: readonly string[] | undefined): VmRow[] {
  if (!elsewhere || !shared?.length) return [];
  const overlaps = (id: string) => shared.some((own) => isWithin(id, own) || isWithin(own, id));
  return elsewhere.commanded.filter(({ command }) => command && isExclusive(command) && command.shared?.some(overlaps));
}

/** Whether an intent may be sent now, waits for others to be taken back, or is taken back itself. */
export function precedence(rivals: readonly VmRow[], vmId: string): 'send' | 'wait' | 'takeBack' {
  if (rivals.length === 0) return 'send';
  const own = idKey(vmId);
  return rivals.every(({ command, vmId: id }) => command?.phase === 'intended' && own < idKey(id))
    ? 'wait'
    : 'takeBack';
}
