/** Run ids: the same signal gives the same id, so a repeat is the same run. */
import { hash, randomBytes } from 'node:crypto';

/** The shape of an id in a pattern: 32 hex digits in lower case. */
export const ID = '[0-9a-f]{32}';

/** A run id. */
export const RUN_ID = new RegExp(`^${ID}$`);

/** Where a run stands among others, as store.ts makes it: 15 digits for its time, and its id. */
export const RUN_MARK = new RegExp(String.raw`^\d{15}-${ID}$`);

/** First 32 hex digits of sha256 over the parts, each with its length so that parts cannot run together. */
export const runIdOf = (...parts: string[]): string =>
  hash('sha256', parts.map((part) => `${part.length}:${part}`).join('')).slice(0, 32);

/** An id for a manual run. */
export const randomRunId = (): string => randomBytes(16).toString('hex');
