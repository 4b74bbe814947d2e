/** Every function of the app. Runtime and settings are checked at start: what is wrong is told then, not at night. */
import { app } from '@azure/functions';
import { appConfig } from '../shared/app.ts';
import { thisBuild } from '../shared/build.ts';
import { GuardError } from '../shared/errors.ts';
import { hostLog } from '../shared/log.ts';
import { requireNode } from '../shared/runtime.ts';
import './cancelRun.ts';
import './compliance.ts';
import './complianceSweep.ts';
import './dashboard.ts';
import './deadLetter.ts';
import './estate.ts';
import './forecast.ts';
import './health.ts';
import './mirrorFailover.ts';
import './openapi.ts';
import './paths.ts';
import './primaryWatch.ts';
import './reconcile.ts';
import './resourceChange.ts';
import './retry.ts';
import './runs.ts';
import './startRun.ts';

const { version, commit } = thisBuild();
try {
  requireNode(process.versions.node);
  appConfig();
} catch (error) {
  if (!(error instanceof GuardError)) throw error;
  // The host shows an error's message and nothing else of it: the example must be in there, and which build it is.
  const said = error.code === 'NODE_TOO_OLD' ? error.message : `${error.message} ${error.nextStep}`;
  const message = `${said} (version ${version}, commit ${commit})`;
  throw new GuardError(error.code, message, error.nextStep, { cause: error });
}

let isTold = false;
app.hook.preInvocation(({ invocationContext }) => {
  if (isTold) return;
  isTold = true;
  const { enforcement } = appConfig();
  hostLog(invocationContext)('started', { version, commit, node: process.versions.node, enforcement });
});
