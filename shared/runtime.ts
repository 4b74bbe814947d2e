/** What the app needs of its runtime. */
import { GuardError } from './errors.ts';

/** The least Node.js, as package.json's `engines` has it: an older one lacks what the loop uses (Map.groupBy). */
export const LEAST_NODE = 22;

/** Throws GuardError NODE_TOO_OLD for a version, as in `20.20.2`, that is older. */
export function requireNode(version: string): void {
  if (Number.parseInt(version, 10) >= LEAST_NODE) return;
  throw new GuardError(
    'NODE_TOO_OLD',
    `This app needs Node ${LEAST_NODE} or later and was started by Node ${version}: set the function app’s version of Node.js to ${LEAST_NODE}.`,
    `Set the function app’s version of Node.js to ${LEAST_NODE}.`,
  );
}
