/** Structured log lines over the host's logger, which ships them to Application Insights. */
import type { Log } from './model/ports.ts';

/** The part of an invocation's context that logs. */
export interface HostLogger {
  debug(...args: unknown[]): void;
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

/** One JSON object per line: `{"step": ..., ...fields}`. */
export const hostLog =
  (logger: HostLogger): Log =>
  (level, step, fields) =>
    logger[level](JSON.stringify({ step, ...fields }));
