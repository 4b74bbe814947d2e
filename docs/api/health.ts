/** How the app is, as a schema. */
import * as z from 'zod';
import type { HealthView } from '../../shared/views/health.ts';
import { exactly } from './exactly.ts';
import { count, text, time } from './parts.ts';

const state = z
  .enum(['ok', 'impaired', 'unknown'])
  .describe(
    'ok: looked, and nothing refused. impaired: something is refused, fails or is late. unknown: nobody looked yet.',
  );

export const health = exactly<HealthView>()(
  z.object({
    at: time('When it was looked at.'),
    state,
    version: text('Of the app.'),
    commit: text('Of which it was built; unknown where it runs as it is.'),
    enforcement: text('audit changes no guest.'),
    storage: z.union([
      z.object({ state: z.literal('ok') }),
      z.object({ state: z.literal('failed'), code: z.string(), text: z.string(), nextStep: z.string() }),
    ]),
    subscriptions: z.array(
      z.object({
        subscriptionId: z.string(),
        state,
        lookedAt: time('When its lists were last asked for.').exactOptional(),
        sweptAt: time('When the latest sweep was accepted.').exactOptional(),
        schedules: z
          .array(
            z.object({
              what: z.enum(['sweep', 'watch']),
              state: z
                .enum(['ok', 'late', 'unknown'])
                .describe(
                  'late: a sweep after two of the longest time between the latest four, the watch when the loop was not rung for an hour. unknown: it has not come yet.',
                ),
              since: time('When it came last.').exactOptional(),
              text: z.string(),
              nextStep: z.string().exactOptional(),
            }),
          )
          .describe('Whether the timers do their part.'),
        refusals: z
          .array(
            z.object({
              what: z.enum(['lists', 'rule health']),
              since: time('Since when.'),
              code: z.string(),
              azureCode: text('Azure’s own code.'),
              action: text('The right that it takes.'),
              text: text('In Azure’s words.'),
              nextStep: z.string(),
            }),
          )
          .describe('What Azure refuses at present.'),
        unread: z
          .array(z.object({ subscriptionId: z.string(), text: z.string() }))
          .describe('Other subscriptions whose lists this one’s loop could not read.'),
      }),
    ),
    unreadableMessages: count(
      'Messages that the app could not read and that wait in the poison queue.',
    ).exactOptional(),
  }),
).meta({ id: 'Health' });
