/** The frontends' rows: which are kept, what an answer about health changes, and primaries that moved. Pure. */
import { soleHealthy } from '../evaluate/healthy.ts';
import type { Survey, SurveyedFrontend } from '../evaluate/survey.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { plainSentence } from '../model/lines.ts';
import { acceptedRun, type FrontendRow, isOpen } from '../model/rows.ts';
import { runIdOf } from '../model/runId.ts';
import type { FrontendHealth, HealthMap } from '../model/topology.ts';
import { type HealthAnswer, type Pass, tell, whyUnusable } from './pass.ts';

/** Health by frontend, as judge takes it. */
export function healthOf(rows: Iterable<FrontendRow>): HealthMap {
  const map = new Map<IdKey, FrontendHealth>();
  for (const row of rows) {
    map.set(idKey(row.frontendId), {
      frontendId: row.frontendId,
      state: row.knownAt > 0 ? 'known' : 'unknown',
      backends: row.backends,
      at: row.knownAt,
    });
  }
  return map;
}

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
  for (const [key, answer] of pass.seen.health) {
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
    const primary = soleHealthy(answer.backends);
    if (!primary || primary.address === row.primaryAddress) continue;
    const from = row.primaryAddress;
    if (from !== undefined && row.mirror) moves.push({ row, from, since: row.primarySince ?? 0 });
    row.primaryAddress = primary.address;
    row.primarySince = pass.now;
  }
  return moves;
}

/** A question that is older than this is put anew, milliseconds: Azure answers within a minute or so, or has lost it. */
const QUESTION_MS = 5 * 60_000;

/** No answer yet: the question is gone on with by the next pass, unless Azure refused it or is slower than it ever is. */
function keepQuestion(pass: Pass, row: FrontendRow, answer: Exclude<HealthAnswer, { kind: 'known' }>): void {
  const { question } = answer;
  row.askedAt = question?.since ?? pass.now;
  const isOld = question !== undefined && Math.abs(pass.now - question.since) >= QUESTION_MS;
  if (question && !isOld) row.asking = question;
  else delete row.asking;
  if (answer.kind === 'failed' && answer.error.status === 403) {
    const { azureCode, action, said } = answer.error;
    row.refused = { code: azureCode, action, text: plainSentence(said, 300), at: pass.now };
    return; // told for all frontends together
  }
  const why = answer.kind === 'failed' ? answer.error.message : isOld && `no answer within ${QUESTION_MS / 1000} s`;
  if (why) tell(pass, 'health-unknown', { frontendId: row.frontendId, why });
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
    if (healthRuleId !== undefined && !survey.waysOfFrontend.has(key)) delete pass.frontends.get(key)?.healthRuleId;
  }
  for (const surveyed of survey.frontends) {
    const { key } = surveyed.frontend;
    const known = pass.frontends.read(key);
    if (known) {
      if (!isAsListed(known, surveyed)) keepAsListed(pass, surveyed);
    } else if (!whyUnusable(pass, key)) pass.frontends.add(newFrontendRow(surveyed));
  }
}

const isAsListed = (row: Readonly<FrontendRow>, { frontend }: SurveyedFrontend): boolean =>
  row.vip === frontend.vip &&
  row.probeSeconds === frontend.probeSeconds &&
  row.mirror === frontend.mirror &&
  row.healthRuleId === frontend.healthRule?.id;

function keepAsListed(
  pass: Pass,
  { frontend: { key, vip, probeSeconds, mirror, healthRule } }: SurveyedFrontend,
): void {
  const row = pass.frontends.get(key);
  if (!row) return;
  row.vip = vip;
  row.probeSeconds = probeSeconds;
  row.mirror = mirror;
  if (healthRule) row.healthRuleId = healthRule.id;
  else delete row.healthRuleId;
}

/** The row of a frontend that was never asked. */
export function newFrontendRow({
  frontend: { frontend, vip, probeSeconds, mirror, healthRule },
}: SurveyedFrontend): FrontendRow {
  const row: FrontendRow = {
    frontendId: frontend.id,
    vip,
    probeSeconds,
    mirror,
    backends: [],
    knownAt: 0,
    askedAt: 0,
  };
  if (healthRule) row.healthRuleId = healthRule.id;
  return row;
}
