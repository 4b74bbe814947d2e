/** The frontends' rows: which are kept, what an answer about health changes, and primaries that moved. Pure. */
import { soleHealthy } from '../evaluate/healthy.ts';
import type { Survey, SurveyedFrontend } from '../evaluate/survey.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { plainSentence } from '../model/lines.ts';
import { defined } from '../model/optional.ts';
import { acceptedRun, type FrontendRow, isOpen, type OtherRule } from '../model/rows.ts';
import { runIdOf } from '../model/runId.ts';
import type { FrontendHealth, HealthMap, RuleHealth } from '../model/topology.ts';
import { byOtherRule, othersNow } from './otherRules.ts';
import { type HealthAnswer, type Pass, tell, whyUnusable } from './pass.ts';
import { isSamePlain } from './plain.ts';

/** Health by frontend, as judge takes it. */
export function healthOf(rows: Iterable<FrontendRow>): HealthMap {
  const map = new Map<IdKey, FrontendHealth>();
  for (const row of rows) {
    map.set(idKey(row.frontendId), {
      frontendId: row.frontendId,
      state: row.knownAt > 0 ? 'known' : 'unknown',
      backends: row.backends,
      at: row.knownAt,
      ...(row.others && { others: othersTold(row.others) }),
    });
  }
  return map;
}

const othersTold = (others: readonly OtherRule[]): RuleHealth[] =>
  others.flatMap(({ ruleId, backends, knownAt }) => (knownAt > 0 ? [{ ruleId, backends, at: knownAt }] : []));

/** A primary that health shows elsewhere than before. */
export interface Move {
  row: FrontendRow;
  from: string;
  /** Since when it had been there; 0 when that is not known. */
  since: number;
}

/** Writes answers into the frontends' rows; returns the mirrors whose primary moved. */
export function takeHealth(pass: Pass): Move[] {
  const moves: Move[] = [];
  let ofOther: ReadonlyMap<IdKey, IdKey> | undefined;
  for (const [key, answer] of pass.seen.health) {
    if (!pass.frontends.read(key)) {
      ofOther ??= byOtherRule(pass.frontends.readAll());
      takeOther(pass, ofOther.get(key), key, answer);
      continue;
    }
    const row = pass.frontends.get(key);
    if (!row) continue;
    if (answer.kind !== 'known') {
      keepQuestion(pass, row, answer);
      continue;
    }
    delete row.asking;
    delete row.refused;
    row.askedAt = answer.at ?? pass.now;
    row.knownAt = answer.at ?? pass.now;
    row.backends = answer.backends;
    const [first, ...more] = soleHealthy(answer.backends, row.together) ?? [];
    if (first === undefined || [first, ...more].some((address) => address === row.primaryAddress)) continue;
    const from = row.primaryAddress;
    if (from !== undefined && row.mirror) moves.push({ row, from, since: row.primarySince ?? 0 });
    row.primaryAddress = first;
    row.primarySince = pass.now;
  }
  return moves;
}

/** A question that is older than this is put anew, milliseconds: Azure answers within a minute or so, or has lost it. */
const QUESTION_MS = 5 * 60_000;

type Unanswered = Exclude<HealthAnswer, { kind: 'known' }>;

/** Keeps the question that an answer leaves open; true when it is too old to be gone on with. */
function putOff({ now }: Pass, row: Pick<FrontendRow, 'askedAt' | 'asking'>, { question }: Unanswered): boolean {
  row.askedAt = question?.since ?? now;
  const isOld = question !== undefined && Math.abs(now - question.since) >= QUESTION_MS;
  if (question && !isOld) row.asking = question;
  else delete row.asking;
  return isOld;
}

/** No answer yet: the question is gone on with by the next pass, unless Azure refused it or is slower than it ever is. */
function keepQuestion(pass: Pass, row: FrontendRow, answer: Unanswered): void {
  const isOld = putOff(pass, row, answer);
  if (answer.kind === 'failed' && answer.error.status === 403) {
    const { azureCode, action, said } = answer.error;
    row.refused = { code: azureCode, action, text: plainSentence(said, 300), at: pass.now };
    return; // told for all frontends together
  }
  const why = answer.kind === 'failed' ? answer.error.message : isOld && `no answer within ${QUESTION_MS / 1000} s`;
  if (why) tell(pass, 'health-unknown', { frontendId: row.frontendId, why });
}

/** What another rule of a frontend said. */
function takeOther(pass: Pass, frontend: IdKey | undefined, rule: IdKey, answer: HealthAnswer): void {
  const row = frontend === undefined ? undefined : pass.frontends.get(frontend);
  const other = row?.others?.find(({ ruleId }) => idKey(ruleId) === rule);
  if (!row || !other) return;
  if (answer.kind === 'known') {
    delete other.asking;
    other.askedAt = answer.at ?? pass.now;
    other.knownAt = answer.at ?? pass.now;
    other.backends = answer.backends;
    return;
  }
  putOff(pass, other, answer);
  // A right that is missing is told by the frontend's own question.
  if (answer.kind !== 'failed' || answer.error.status === 403) return;
  tell(pass, 'health-unknown', { frontendId: row.frontendId, why: answer.error.message });
}

/** A move that no open failover run has announced makes a run of its own. To be called once those are known by frontend. */
export function tellMove(pass: Pass, { row, from, since }: Move): void {
  const to = row.primaryAddress ?? '';
  const key = idKey(row.frontendId);
  let explained = false;
  for (const run of pass.runs.readAll()) {
    if (run.signal !== 'failover' || !isOpen(run)) continue;
    explained ||= run.confirmation?.frontendIds.some((id) => idKey(id) === key) ?? false;
  }
  const told = { frontendId: row.frontendId, vip: row.vip, from, to, explained };
  if (explained) return tell(pass, 'primary-moved', told);
  // Named by the primary that it moved away from: a loop killed before the frontend's row was written finds the same run.
  const runId = runIdOf('primaryMoved', key, from, String(since), to);
  tell(pass, 'primary-moved', { ...told, runId });
  if (pass.runs.get(runId)) return;
  pass.runs.add(
    acceptedRun({
      subscriptionId: pass.seen.subscriptionId,
      runId,
      signal: 'primaryMoved',
      scope: [{ kind: 'frontend', id: row.frontendId }],
      mode: 'apply',
      dryRun: false,
      observedAt: pass.now,
    }),
  );
}

/** Keeps a row for every frontend in play, with the rule to ask; one that is gone has none. */
export function keepFrontends(pass: Pass, survey: Survey): void {
  for (const { frontendId, healthRuleId } of pass.frontends.readAll()) {
    const key = idKey(frontendId);
    // Its members may all be where nothing could be read.
    const isGone = !survey.waysOfFrontend.has(key) && survey.unread.length === 0;
    if (healthRuleId !== undefined && isGone) delete pass.frontends.get(key)?.healthRuleId;
  }
  for (const surveyed of survey.frontends) {
    const { key } = surveyed.frontend;
    const known = pass.frontends.read(key);
    if (known) keepAsListed(pass, surveyed, known);
    else if (!whyUnusable(pass, key)) pass.frontends.add(newFrontendRow(surveyed));
  }
}

/** What a row has from Azure's lists. All of it is named here and nowhere else. */
const asListed = (surveyed: SurveyedFrontend, known?: readonly OtherRule[]) => ({
  vip: surveyed.frontend.vip,
  probeSeconds: surveyed.frontend.probeSeconds,
  mirror: surveyed.frontend.mirror,
  healthRuleId: surveyed.frontend.healthRule?.id,
  others: othersNow(surveyed, known),
  together: togetherIn(surveyed),
});

function keepAsListed(pass: Pass, surveyed: SurveyedFrontend, known: Readonly<FrontendRow>): void {
  const listed = asListed(surveyed, known.others);
  const names = Object.keys(listed) as (keyof typeof listed)[];
  if (names.every((name) => isSamePlain(known[name], listed[name]))) return;
  const row: Partial<FrontendRow> | undefined = pass.frontends.get(surveyed.frontend.key);
  if (!row) return;
  for (const name of names) delete row[name];
  Object.assign(row, defined(listed));
}

/** The addresses of each member that has several; undefined where none has. */
function togetherIn({ members }: SurveyedFrontend): string[][] | undefined {
  const several = members.filter(({ ips }) => ips.length > 1);
  if (several.length === 0) return undefined;
  return several.map(({ ips }) => ips.flatMap(({ ip }) => ip.address ?? []));
}

/** The row of a frontend that was never asked, or asked no more than `known` says. */
export function newFrontendRow(
  surveyed: SurveyedFrontend,
  known: Pick<FrontendRow, 'askedAt' | 'others'> = { askedAt: 0 },
): FrontendRow {
  return {
    frontendId: surveyed.frontend.frontend.id,
    backends: [],
    knownAt: 0,
    askedAt: known.askedAt,
    ...defined(asListed(surveyed, known.others)),
  };
}
