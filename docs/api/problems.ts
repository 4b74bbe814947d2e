/** What is answered when something is wrong, as schemas: one for each status, with its codes. */
import * as z from 'zod';
import { PROBLEM_STATUS } from '../../shared/views/problem.ts';
import { text } from './parts.ts';

/** Codes of what has no status of its own, and what a request can meet. */
const OF_500 = [
  'SETTING_MISSING',
  'SETTING_INVALID',
  'PLAN_INVALID',
  'STATE_CONFLICT',
  'STATE_VERSION_UNKNOWN',
  'STATE_ROW_BROKEN',
  'STATE_ROW_TOO_LARGE',
  'STATE_FAILED',
];

/** What each status means. */
const MEANING: Record<number, string> = {
  400: 'The request is not right: `field` names what, `detail` echoes it and says what it must be.',
  403: 'A page of another site may not ask for this.',
  404: 'There is no such thing.',
  409: 'The run is not in a state for this, or the Idempotency-Key was used for another request.',
  413: 'The body is larger than any request needs.',
  415: 'The body is not sent as application/json.',
  500: 'The app could not do it: its storage, or its settings. The log says more.',
  502: 'Azure did not answer as it should, and nothing that was read before serves any longer.',
};

/** Codes by status. */
const CODES = Map.groupBy(
  [...Object.entries(PROBLEM_STATUS), ...OF_500.map((code): [string, number] => [code, 500])],
  ([, status]) => status,
);

export type ProblemStatus = keyof typeof MEANING;

const schemas = new Map<number, z.ZodType>();

const problemSchema = (status: number, codes: readonly string[]) =>
  z
    .object({
      type: z.literal('about:blank'),
      title: text('What the status means.'),
      status: z.literal(status),
      detail: text('What is wrong, with the value that was given.'),
      code: z.enum(codes).describe('For programs. It stays the same over versions.'),
      nextStep: text('What a person does.'),
      field: text('The field of the body, the parameter or the header that is wrong.').exactOptional(),
    })
    .meta({ id: `Problem${status}`, description: MEANING[status] ?? '' });

/** The response of a status. Throws for one that no code is answered with. */
export function problemResponse(status: number) {
  const codes = CODES.get(status)?.map(([code]) => code);
  const description = MEANING[status];
  if (!codes || description === undefined) throw new Error(`nothing is answered with ${status}`);
  const schema = schemas.get(status) ?? problemSchema(status, codes);
  schemas.set(status, schema);
  return { description, content: { 'application/problem+json': { schema } } };
}
