/** What a caller of `GET /api/runs` asks for. */
import * as z from 'zod/mini';
import { LIST_FORMATS, type ListFormat } from '../model/formats.ts';
import { isScopeId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { RunState } from '../model/rows.ts';
import { RUN_MARK } from '../model/runId.ts';
import { SIGNAL_KINDS, type SignalKind } from '../model/signal.ts';
import { acceptedFormat, readQuery } from './query.ts';

const STATES = ['accepted', 'running', 'settled', 'failed'] as const satisfies readonly RunState[];
/** The most runs in one answer, and how many when none are asked for. */
const MOST_RUNS = 200;
const LIMIT = /^(?:[1-9]\d?|1\d\d|200)$/;
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

export const RUNS_EXPECTED = {
  state: `must be one of ${STATES.join(', ')}`,
  signal: `must be one of ${SIGNAL_KINDS.join(', ')}`,
  scope: 'must be the id of a subscription, a resource group or a resource',
  since: 'must be a time such as 2026-01-05T10:00:00Z',
  after: 'must be what the answer before gave in `next`',
  limit: `must be a whole number from 1 to ${MOST_RUNS}`,
  format: `must be one of ${LIST_FORMATS.join(', ')}`,
} satisfies Record<keyof RunsAsked, string>;

export const runsQuerySchema = z.lazy(() =>
  z.strictObject({
    state: z.optional(z.enum(STATES)),
    signal: z.optional(z.enum(SIGNAL_KINDS)),
    scope: z.optional(z.string().check(z.maxLength(1024), z.refine(isScopeId))),
    since: z.optional(
      z.pipe(
        z.string().check(
          z.regex(TIME),
          z.refine((text) => !Number.isNaN(Date.parse(text))),
        ),
        z.transform((text) => Date.parse(text)),
      ),
    ),
    after: z.optional(z.string().check(z.regex(RUN_MARK))),
    limit: z._default(z.pipe(z.string().check(z.regex(LIMIT)), z.transform(Number)), SOME_RUNS),
    format: z.optional(z.enum(LIST_FORMATS)),
  }),
);

/** Reads the query. Throws InputError INPUT_INVALID that names the first parameter that is wrong, unknown or doubled. */
export function readRunQuery(parameters: Iterable<[string, string]>, accept: string | null = null): RunsAsked {
  const asked = readQuery(runsQuerySchema, RUNS_EXPECTED, parameters);
  // What the address asks for is in the address of the next page too.
  const accepted = acceptedFormat(accept) === 'csv' ? ('csv' as const) : undefined;
  return defined({ ...asked, format: asked.format ?? accepted });
}
