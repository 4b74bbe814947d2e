/** `assess`: observes, judges, tells. What it returns is the text and the exit code; main.ts does the rest. */
import { look } from '../shared/app.ts';
import { InputError } from '../shared/errors.ts';
import { type IdKey, idKey, sameId, shortName } from '../shared/model/ids.ts';
import type { Observed, Progress } from '../shared/model/observed.ts';
import { defined } from '../shared/model/optional.ts';
import type { Evaluation } from '../shared/model/path.ts';
import { type Assessment, type AssessmentRequest, assessmentOf, evaluationOf } from '../shared/views/assessment.ts';
import { assessmentCsv } from '../shared/views/assessmentCsv.ts';
import { mask } from '../shared/views/mask.ts';
import type { AssessOptions, Format } from './options.ts';
import { assessmentText, type Paint } from './text.ts';

export interface Told {
  text: string;
  exitCode: number;
}

/** Assesses as the options say. Throws GuardError when nothing could be read or an option names what is not there. */
export async function assess(options: AssessOptions, progress: Progress, paint: Paint): Promise<Told> {
  const { observed, request } = await observe(options, progress);
  const evaluation = evaluationOf(observed, request);
  const assessment = assessmentOf(observed, evaluation, request);
  return { text: written(assessment, options.format, paint), exitCode: assessment.result.exitCode };
}

/** What was observed and what is asked of it: names of the options found, and all of it masked where that is wanted. */
async function observe(
  options: AssessOptions,
  progress: Progress,
): Promise<{ observed: Observed; request: AssessmentRequest }> {
  const { observed, scope } = await look(options, progress);
  const { resourceGroups, loadBalancers, ifLost } = options;
  const filter = { resourceGroups, loadBalancers };
  const named =
    ifLost === undefined ? undefined : memberNamed('--if-lost', ifLost, evaluationOf(observed, { scope, filter }));
  if (!options.mask) return { observed, request: { scope, filter, ...defined({ lost: named }) } };
  const masked = mask(observed, scope, filter);
  const lost = named === undefined ? undefined : idKey(masked.maskId(named));
  return { observed: masked.observed, request: { scope: masked.scope, filter: masked.filter, ...defined({ lost }) } };
}

function written(assessment: Assessment, format: Format, paint: Paint): string {
  if (format === 'json') return `${JSON.stringify(assessment, null, 2)}\n`;
  return format === 'csv' ? assessmentCsv(assessment) : assessmentText(assessment, paint);
}

/** The key of the member that a person named, by name or id. Throws InputError for none, and for a name of several. */
function memberNamed(option: string, name: string, { pathsOfVm }: Evaluation): IdKey {
  const ids = [...pathsOfVm.values()].flatMap(([path]) => path?.vmId ?? []);
  const found = ids.filter((id) => sameId(id, name) || shortName(id).toLowerCase() === name.toLowerCase());
  const [only, other] = found;
  if (only !== undefined && other === undefined) return idKey(only);
  if (other !== undefined) {
    throw new InputError(
      'INPUT_INVALID',
      option,
      name,
      'several VMs have that name',
      `Give the id: ${found.join(' or ')}.`,
    );
  }
  const some = ids.map(shortName).slice(0, 10).join(', ');
  const hint = some === '' ? 'There is no member of any frontend.' : `Among those that there are: ${some}.`;
  throw new InputError(
    'NOT_FOUND',
    option,
    name,
    'no member of a frontend that is looked at has that name or id',
    hint,
  );
}
