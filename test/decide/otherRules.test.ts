/** A frontend's rules besides the one that tells who is primary. */
import test from 'ava';
import { asQuestion, byOtherRule, othersNow, questionsOf } from '../../shared/decide/otherRules.ts';
import type { SurveyedFrontend } from '../../shared/evaluate/survey.ts';
import { idKey } from '../../shared/model/ids.ts';
import { ago, frontend, ruleId } from '../helpers/seen.ts';
import { frontendId } from '../helpers/world.ts';

const rule = (name: string, probeId?: string) => ({ id: ruleId(name), ...(probeId ? { probeId } : {}) });
/** A frontend with a rule to ask and these others. */
function surveyed(...others: ReturnType<typeof rule>[]): SurveyedFrontend {
  const healthRule = rule('ucr', 'p');
  return { frontend: { served: [healthRule, ...others], healthRule } } as unknown as SurveyedFrontend;
}
const never = (name: string) => ({ ruleId: ruleId(name), backends: [], knownAt: 0, askedAt: 0 });

test('those that have a probe are asked, eight at most', (t) => {
  t.is(othersNow(surveyed()), undefined);
  t.is(othersNow(surveyed(rule('web'))), undefined, 'without a probe');
  t.deepEqual(othersNow(surveyed(rule('web', 'p'), rule('ftp'))), [never('web')]);
  const nine = Array.from({ length: 9 }, (_, i) => rule(`r${i}`, 'p'));
  t.deepEqual(
    othersNow(surveyed(...nine))?.map((one) => one.ruleId),
    nine.slice(0, 8).map(({ id }) => id),
  );
});

test('what one said is kept, under the id as it is written now', (t) => {
  const known = { ...never('web'), knownAt: ago(9), askedAt: ago(9) };
  const others = surveyed(rule('ftp', 'p'), rule('web', 'p'));
  t.deepEqual(othersNow(others, [{ ...known, ruleId: known.ruleId.toUpperCase() }]), [never('ftp'), known]);
});

test('each is a question of its own, under its id', (t) => {
  const web = { ...never('web'), askedAt: ago(9) };
  const row = frontend('ucr', { others: [web] });
  const { ruleId: id, ...told } = web;
  const question = { frontendId: id, vip: row.vip, probeSeconds: 10, healthRuleId: id, mirror: false, ...told };
  t.deepEqual(asQuestion(row, web), question);
  t.deepEqual(questionsOf(row), [row, question]);
  t.deepEqual(questionsOf(frontend('pi')), [frontend('pi')]);
  t.deepEqual([...byOtherRule([row, frontend('pi')])], [[idKey(id), idKey(frontendId('ucr'))]]);
});
