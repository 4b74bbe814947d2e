/** The shapes of what acting requests are answered with. */
import * as z from 'zod/mini';
import { RUN_ID } from '../model/runId.ts';

const runId = z.string().check(z.regex(RUN_ID));

/** `POST /api/runs` and `POST /api/runs/{id}/retry`, 202. */
export const acceptedSchema = z.strictObject({
  runId,
  state: z.literal('accepted'),
  /** The run that it repeats. */
  retryOf: z.optional(runId),
});

/** `DELETE /api/runs/{id}`: 202 `cancelling`, 200 `cancelled`. */
export const cancelSchema = z.strictObject({ runId, state: z.enum(['cancelling', 'cancelled']) });
