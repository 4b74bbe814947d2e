/** What a caller of `GET /api/runs` asks for. */
import * as z from 'zod/mini';
import { clip, InputError } from '../errors.ts';
import { firstIssue } from '../model/firstIssue.ts';
import { LIST_FORMATS, type ListFormat } from '../model/formats.ts';
import { isScopeId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { RunState } from '../model/rows.ts';
import { RUN_MARK } from '../model/runId.ts';
import { SIGNAL_KINDS, type SignalKind } from '../model/signal.ts';
import { readParameters } from './query.ts';

const STATES = ['accepted', 'running', 'settled', 'failed'] as const satisfies readonly RunState[];
/** The most runs in one answer, and how many when none are asked for. */
const MOST_RUNS = 200;
const SOME_RUNS = 50;

/** Which runs to show, newest first. */
export interface RunsAsked {
  state?: RunState;
  signal?: SignalKind;
  /** Runs whose own scope names this resource, or something in it. */
  scope?: string;
  /** Accepted at this time or later, epoch milliseconds. */
  since?: number;
  /** Where the answer before ended. */
  after?: string;
  limit: number;
  /** What to show them as; JSON when not there. */
  format?: ListFormat;
}

/** With a zone, as JSON writes times: without one it would be taken for the server's. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

const EXPECTED = {
  state: `must be one of ${STATES.join(', ')}`,
  signal: `must be one of ${SIGNAL_KINDS.join(', ')}`,
  scope: 'must be the id of a subscription, a resource group or a resource',
  since: 'must be a time such as 2026-01-05T10:00:00Z',
  after: 'must be what the answer before gave in `next`',
  limit: `must be a whole number from 1 to ${MOST_RUNS}`,
  format: `must be one of ${LIST_FORMATS.join(', ')}`,
} satisfies Record<keyof RunsAsked, string>;

const querySchema = z.lazy(() =>
  z.strictObject({
    state: z.optional(z.enum(STATES)),
    signal: z.optional(z.enum(SIGNAL_KINDS)),
    scope: z.optional(z.string().check(z.maxLength(1024), z.refine(isScopeId))),
    since: z.optional(
      z.pipe(
        z.string().check(z.regex(TIME)),
        z.transform((text) => Date.parse(text)),
      ),
    ),
    after: z.optional(z.string().check(z.regex(RUN_MARK))),
    limit: z._default(z.pipe(z.string().check(z.regex(/^\d{1,3}$/)), z.transform(Number)), SOME_RUNS),
    format: z.optional(z.enum(LIST_FORMATS)),
  }),
);

/** Reads the query. Throws InputError INPUT_INVALID that names the first parameter that is wrong, unknown or doubled. */
export function readRunQuery(parameters: Iterable<[string, string]>): RunsAsked {
  const raw = readParameters(parameters);
  const result = querySchema.safeParse({ ...raw });
  if (!result.success) {
    const { field: name } = firstIssue(result.error, raw);
    const expected = Object.hasOwn(EXPECTED, name)
      ? EXPECTED[name as keyof RunsAsked]
      : `is not known; known are ${Object.keys(EXPECTED).join(', ')}`;
    throw new InputError('INPUT_INVALID', clip(name, 100), raw[name], expected);
  }
  const asked = result.data;
  if (asked.since !== undefined && !Number.isFinite(asked.since))
    throw new InputError('INPUT_INVALID', 'since', raw.since, EXPECTED.since);
  if (asked.limit < 1 || asked.limit > MOST_RUNS)
    throw new InputError('INPUT_INVALID', 'limit', raw.limit, EXPECTED.limit);
  return defined(asked);
}
