/** Structured log lines over the host's logger, which ships them to Application Insights. */
import { type Level, type Log, levelOf } from './model/steps.ts';

/** The part of an invocation's context that logs. */
export type HostLogger = Record<Level, (...args: unknown[]) => void>;

/** One JSON object per line: `{"step": ..., ...fields}`. */
export const hostLog =
  (logger: HostLogger): Log =>
  (step, fields) =>
    logger[levelOf({ step, fields })](JSON.stringify({ step, ...fields }));
