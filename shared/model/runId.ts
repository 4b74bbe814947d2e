/** Run ids: the same signal gives the same id, so a repeat is the same run. */
import { createHash, randomBytes } from 'node:crypto';

/** A run id: 32 hex digits in lower case. */
export const RUN_ID = /^[0-9a-f]{32}$/;

/** First 32 hex digits of sha256 over the parts, each with its length so that parts cannot run together. */
export const runIdOf = (...parts: string[]): string =>
  createHash('sha256')
    .update(parts.map((part) => `${part.length}:${part}`).join(''))
    .digest('hex')
    .slice(0, 32);

/** An id for a manual run. */
export const randomRunId = (): string => randomBytes(16).toString('hex');
