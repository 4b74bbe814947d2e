/** Every function of the app. Runtime and settings are checked at start: what is wrong is told then, not at night. */
import { appConfig } from '../shared/app.ts';
import { GuardError } from '../shared/errors.ts';
import { requireNode } from '../shared/runtime.ts';
import './cancelRun.ts';
import './complianceSweep.ts';
import './deadLetter.ts';
import './health.ts';
import './history.ts';
import './mirrorFailover.ts';
import './primaryWatch.ts';
import './reconcile.ts';
import './resourceChange.ts';
import './retry.ts';
import './runs.ts';
import './startRun.ts';

requireNode(process.versions.node);
try {
  appConfig();
} catch (error) {
  if (!(error instanceof GuardError)) throw error;
  // The host shows an error's message and nothing else of it: the example must be in there.
  throw new GuardError(error.code, `${error.message} ${error.nextStep}`, error.nextStep, { cause: error });
}
