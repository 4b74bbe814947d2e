/** Asks rules for their health, anew or by the question that is open. A refusal is an answer too: nothing throws. */
import { isAsking } from '../decide/needs.ts';
import type { HealthAnswer } from '../decide/pass.ts';
import { type AzureError, asAzureError } from '../errors.ts';
import { CALLS, inBatches } from '../model/batches.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Clock, RuleHealthReader } from '../model/ports.ts';
import type { FrontendRow } from '../model/rows.ts';

/** What is asked through. */
interface HealthReaders {
  health: RuleHealthReader;
  clock: Clock;
}

/** A question that Azure has not answered is asked again after this at the latest, milliseconds, whatever it would like. */
const QUESTION_PAUSE_MS = 5000;

/** What each of these rows’ rules answers, by the row. */
export async function askHealth(
  readers: HealthReaders,
  due: readonly FrontendRow[],
): Promise<Map<IdKey, HealthAnswer>> {
  const answers = new Map<IdKey, HealthAnswer>();
  await inBatches(due, CALLS, async (row) => {
    answers.set(idKey(row.frontendId), await askOne(readers, row));
  });
  return answers;
}

/** Asks anew, or goes on with the question that the row keeps. */
async function askOne({ health, clock }: HealthReaders, row: FrontendRow): Promise<HealthAnswer> {
  const ruleId = row.healthRuleId ?? '';
  const earlier = isAsking(row) ? row.asking : undefined;
  const since = earlier?.since ?? clock.now();
  try {
    const found = await health.read(ruleId, earlier?.location);
    if (Array.isArray(found)) return { kind: 'known', backends: found, at: since };
    const { location, retryAfterSeconds = 0 } = found;
    const notBefore = clock.now() + Math.min(QUESTION_PAUSE_MS, 1000 * retryAfterSeconds);
    return { kind: 'unfinished', question: { ruleId, location, since, notBefore } };
  } catch (caught) {
    const error = asAzureError(caught, 'ask rule health');
    const goesOn = earlier !== undefined && isPassing(error);
    const question = goesOn ? { ...earlier, notBefore: clock.now() + QUESTION_PAUSE_MS } : undefined;
    return { kind: 'failed', error, ...defined({ question }) };
  }
}

/** True for what says nothing about the question itself: it is put again as it is. */
const isPassing = ({ code }: AzureError): boolean => code === 'AZURE_UNREACHABLE' || code === 'AZURE_THROTTLED';
