/**
 * A refusing Azure is told aloud: one line at each change and every ten minutes while it lasts, whatever is open, and one
 * when it is over. What was told is kept in the lease, so that it is once for all instances. Pure.
 */

import type { AzureError } from '../errors.ts';
import { idKey } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import type { LeaseRow, Refusing } from '../model/lease.ts';
import { plainLine } from '../model/lines.ts';
import { finalRefusal, refusalText } from '../model/refusals.ts';
import type { LogLine } from '../model/steps.ts';
import type { Observed } from './pass.ts';

/** How often a refusal that stands is told, and at least tried, milliseconds. */
const TELL_MS = 10 * 60_000;
/** What may pass (no answer, too many calls) is told once it lasted so long, milliseconds. */
const PASSING_MS = 60_000;

/** A line about what Azure refuses, or does no more. */
export type RefusalLine = LogLine<'azure-refuses'> | LogLine<'azure-answers'>;

/** What one pass has seen of a kind of call: refused, answered, or not asked. */
type Tried = { error: AzureError } | 'answered' | undefined;

/** What is refused as of this pass, and what is to be told of it. */
export function tellRefusing(
  before: LeaseRow['refusing'],
  seen: Pick<Observed, 'subscriptionId' | 'now' | 'survey' | 'estateError' | 'health' | 'frontends'>,
): { refusing: NonNullable<LeaseRow['refusing']>; lines: RefusalLine[] } {
  const lines: RefusalLine[] = [];
  const refusing: NonNullable<LeaseRow['refusing']> = {};
  for (const [kind, tried] of [
    ['lists', listsOf(seen)],
    ['health', healthOf(seen)],
  ] as const) {
    const now = follow(seen, before?.[kind], tried);
    if (now.refusing) refusing[kind] = now.refusing;
    if (now.line) lines.push(now.line);
  }
  return { refusing, lines };
}

/** True for a refusal of the lists that nothing else has put to the test lately. */
export const isToBeTried = (refusing: Refusing | undefined, now: number): boolean =>
  refusing !== undefined && (now - refusing.triedAt >= TELL_MS || refusing.triedAt > now);

function listsOf({ survey, estateError }: Pick<Observed, 'survey' | 'estateError'>): Tried {
  if (estateError) return { error: estateError };
  return survey ? 'answered' : undefined;
}

/**
 * Only what is refused: that one rule's health does not come is told of its frontend. Answered once no frontend is left
 * whose health was refused when it was last asked.
 */
function healthOf({ health, frontends }: Pick<Observed, 'health' | 'frontends'>): Tried {
  for (const answer of health.values()) {
    if (answer.kind === 'failed' && answer.error.code === 'AZURE_DENIED') return { error: answer.error };
  }
  const isKnown = (id: string): boolean => health.get(idKey(id))?.kind === 'known';
  const isOpen = frontends.some(({ row }) => row.refused && row.healthRuleId && !isKnown(row.frontendId));
  return isOpen || health.size === 0 ? undefined : 'answered';
}

function follow(
  { subscriptionId, now }: Pick<Observed, 'subscriptionId' | 'now'>,
  before: Refusing | undefined,
  tried: Tried,
): { refusing?: Refusing; line?: RefusalLine } {
  if (tried === undefined) return before ? { refusing: before } : {};
  if (tried === 'answered') {
    if (!before?.toldAt) return {};
    const { azureCode, action, since } = before;
    return { line: { step: 'azure-answers', fields: { subscriptionId, azureCode, action, lastedMs: now - since } } };
  }
  const { error } = tried;
  const { code, azureCode, action } = error;
  const text = plainLine(error.said, 500);
  const isSame = before?.code === code && before.azureCode === azureCode && before.action === action;
  const since = isSame ? Math.min(before.since, now) : now;
  const known = finalRefusal({ status: error.status, azureCode, text: error.said });
  const nextStep = known ? refusalText(known) : error.nextStep;
  const toldAt = isSame ? before.toldAt : 0;
  const refusing: Refusing = { code, azureCode, action, text, nextStep, since, toldAt, triedAt: now };
  const isLasting = code === 'AZURE_DENIED' || now - since >= PASSING_MS;
  const isTold = refusing.toldAt > 0 && refusing.toldAt <= now && now - refusing.toldAt < TELL_MS;
  if (isTold || !isLasting) return { refusing };
  refusing.toldAt = now;
  const told = { subscriptionId, code, azureCode, action, text, nextStep, since: iso(since) };
  return { refusing, line: { step: 'azure-refuses', fields: told } };
}
