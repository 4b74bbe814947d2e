/** `assess`: observes, judges, tells. What it returns is the text and the exit code; main.ts does the rest. */
import { writeFile } from 'node:fs/promises';
import { look } from '../shared/app.ts';
import { InputError, messageOf } from '../shared/errors.ts';
import type { EstateReading, Progress } from '../shared/model/estateReading.ts';
import { type IdKey, idKey } from '../shared/model/ids.ts';
import { defined } from '../shared/model/optional.ts';
import type { Evaluation } from '../shared/model/path.ts';
import {
  type Assessment,
  type AssessmentRequest,
  assessmentOf,
  EXIT,
  type Judged,
  judged,
} from '../shared/views/assessment.ts';
import { assessmentCsv } from '../shared/views/assessmentCsv.ts';
import { drawnPage } from '../shared/views/drawnPage.ts';
import { mask } from '../shared/views/mask.ts';
import { frontendNamed, memberNamed } from '../shared/views/names.ts';
import { scriptFor } from '../shared/views/script.ts';

import type { AssessOptions, Format } from './options.ts';
import type { Paint } from './paint.ts';
import { scriptText } from './scriptText.ts';
import { assessmentText } from './text.ts';

export interface Told {
  text: string;
  /** What a person reads beside it. */
  aside?: string;
  exitCode: number;
}

/** Assesses as the options say. Throws GuardError when nothing could be read or an option names what is not there. */
export async function assess(options: AssessOptions, progress: Progress, paint: Paint): Promise<Told> {
  if (options.script !== undefined) return script(options, options.script, progress);
  const { observed, request, known } = await observe(options, progress);
  const assessment = assessmentOf(observed, known, request);
  if (options.html !== undefined) await save(options.html, await drawnPage(observed, known));
  return { text: written(assessment, options.format, paint), exitCode: assessment.result.exitCode };
}

/** Writes a file. Throws InputError with the system's words where it cannot be written. */
async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new InputError('INPUT_INVALID', '--html', file, `cannot be written (${messageOf(error)})`);
  }
}

/** What was observed, judged, and what is asked of it: names of the options found, all masked where that is wanted. */
async function observe(
  options: AssessOptions,
  progress: Progress,
): Promise<{ observed: EstateReading; request: AssessmentRequest; known: Judged }> {
  const { observed, scope, whole } = await look(options, progress);
  const { resourceGroups, loadBalancers } = options;
  const filter = { resourceGroups, loadBalancers };
  const known = judged(observed, { scope, filter }, whole);
  const { lost, trace } = named(options, known.evaluation);
  if (!options.mask) return { observed, known, request: { scope, filter, ...defined({ lost, trace }) } };
  const masked = mask(observed, scope, filter);
  const keyOf = (id: string): IdKey => idKey(masked.maskId(id));
  const asked = {
    lost: lost && keyOf(lost),
    trace: trace && { vm: keyOf(trace.vm), frontend: keyOf(trace.frontend) },
  };
  const request = { scope: masked.scope, filter: masked.filter, ...defined(asked) };
  return { observed: masked.observed, known: judged(masked.observed, request), request };
}

/** What the options name, found in the estate. */
function named({ ifLost, trace }: AssessOptions, evaluation: Evaluation): Pick<Asked, 'lost' | 'trace'> {
  const asked: Asked = {
    lost: ifLost === undefined ? undefined : memberNamed('--if-lost', ifLost, evaluation),
    trace: undefined,
  };
  if (trace) {
    const vm = memberNamed('--from', trace.from, evaluation);
    asked.trace = { vm, frontend: frontendNamed('--to', trace.to, vm, evaluation) };
  }
  return asked;
}

interface Asked {
  lost: IdKey | undefined;
  trace: AssessmentRequest['trace'] | undefined;
}

function written(assessment: Assessment, format: Format, paint: Paint): string {
  if (format === 'json') return `${JSON.stringify(assessment, null, 2)}\n`;
  return format === 'csv' ? assessmentCsv(assessment) : assessmentText(assessment, paint);
}

/** The script for one VM. */
async function script(options: AssessOptions, name: string, progress: Progress): Promise<Told> {
  const { observed, scope, whole } = await look(options, progress);
  const { resourceGroups, loadBalancers } = options;
  const { evaluation } = judged(observed, { scope, filter: { resourceGroups, loadBalancers } }, whole);
  const vm = memberNamed('--script', name, evaluation);
  const made = scriptFor(observed, scope, vm);
  if ('refused' in made) {
    throw new InputError('NOT_FOUND', '--script', name, 'there is no script for this VM yet', made.refused.join('\n'));
  }
  const exitCode = EXIT.nothingExposed;
  return options.format === 'json'
    ? { text: `${JSON.stringify(made, null, 2)}\n`, exitCode }
    : { text: made.script, aside: scriptText(made), exitCode };
}
