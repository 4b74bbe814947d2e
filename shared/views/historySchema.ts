/** The shape of `GET /api/history`. Times are ISO 8601 in UTC. */
import * as z from 'zod/mini';

const time = z.string();
const exposure = z.enum(['active', 'latent', 'none']);
const verdict = z.enum(['compliant', 'repairable', 'blocked', 'unknown']);

/** A time in which nothing changed on a path. */
const spanSchema = z.strictObject({
  from: time,
  /** Not there when it lasts. */
  to: z.optional(time),
  seconds: z.number(),
  exposure,
  verdict,
  proof: z.enum(['self', 'remote', 'none']),
  /** When it was proved: the first time on that day. */
  provedAt: z.optional(time),
  /** The first finding on it. */
  code: z.optional(z.string()),
  /** The run by which it came to stand so. */
  runId: z.optional(z.string()),
});

/** Changes of a day beyond those that are kept one by one. */
const mixedSchema = z.strictObject({
  from: time,
  to: time,
  changes: z.number(),
  /** Seconds by how it stood, as `active blocked`. */
  seconds: z.record(z.string(), z.number()),
});

const pathSchema = z.strictObject({
  vm: z.string(),
  vip: z.string(),
  /**
   * `exposed`: its own connections came back to it and nothing made them work. `atRisk`: the same was one failover away.
   * `unknown`: nothing could be said of it. `safe`: neither.
   */
  seconds: z.strictObject({ exposed: z.number(), atRisk: z.number(), unknown: z.number(), safe: z.number() }),
  changes: z.number(),
  /** When it was proved, the first time of each day. */
  proved: z.array(time),
  spans: z.array(spanSchema),
  mixed: z.optional(z.array(mixedSchema)),
  vmId: z.string(),
  frontend: z.string(),
});

export const historySchema = z.strictObject({
  at: time,
  /** Begins with a day, in UTC. */
  from: time,
  days: z.number(),
  /** The longest exposed first. */
  paths: z.array(pathSchema),
  /** Paths that were left off: ask for one VM or VIP. Not there when there are none. */
  left: z.optional(z.number()),
  /** Rows that cannot be read, and why; not there when there are none. */
  unreadable: z.optional(z.array(z.strictObject({ code: z.string(), text: z.string() }))),
});

export type HistoryView = z.output<typeof historySchema>;
export type HistoryPathView = HistoryView['paths'][number];
