/**
 * Rules of a frontend with other pools or another probe than the one that tells who is primary: what the load balancer
 * does with their connections, only they can tell. They are asked less often, since nothing is decided by them. Pure.
 */

import type { SurveyedFrontend } from '../evaluate/survey.ts';
import { type IdKey, idKey, sameId } from '../model/ids.ts';
import type { FrontendRow, OtherRule } from '../model/rows.ts';

/** No more of one frontend are asked. */
const MOST_OTHERS = 8;
/** While a run looks at their frontend they are asked again after this, milliseconds: their word stands for two hours. */
export const OTHERS_FRESH_MS = 30 * 60_000;

/** The ids of the rules that are to be asked besides the one. */
function otherIds({ frontend: { served, healthRule } }: SurveyedFrontend): string[] {
  const others = served.filter((rule) => rule !== healthRule && rule.probeId !== undefined);
  return others.slice(0, MOST_OTHERS).map(({ id }) => id);
}

/** The other rules that are there now, with what is known of them. */
export function othersNow(surveyed: SurveyedFrontend, known: readonly OtherRule[] = []): OtherRule[] | undefined {
  if (surveyed.frontend.served.length < 2) return undefined;
  const others = otherIds(surveyed).map((ruleId): OtherRule => {
    const earlier = known.find((one) => sameId(one.ruleId, ruleId));
    return earlier ? { ...earlier, ruleId } : { ruleId, backends: [], knownAt: 0, askedAt: 0 };
  });
  return others.length > 0 ? others : undefined;
}

/** Another rule as a question of its own: a row under the rule's id. */
export const asQuestion = (row: FrontendRow, { ruleId, ...told }: OtherRule): FrontendRow => ({
  frontendId: ruleId,
  vip: row.vip,
  probeSeconds: row.probeSeconds,
  healthRuleId: ruleId,
  mirror: false,
  ...told,
});

/** A frontend's row, and a row under the rule's id for each of its other rules. */
export const questionsOf = (row: FrontendRow): FrontendRow[] => [
  row,
  ...(row.others ?? []).map((other) => asQuestion(row, other)),
];

/** The frontends whose other rules were asked, by the rule. */
export function byOtherRule(rows: Iterable<Readonly<FrontendRow>>): Map<IdKey, IdKey> {
  const map = new Map<IdKey, IdKey>();
  for (const { frontendId, others = [] } of rows) {
    for (const { ruleId } of others) map.set(idKey(ruleId), idKey(frontendId));
  }
  return map;
}
