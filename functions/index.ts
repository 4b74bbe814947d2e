/** Every function of the app. Settings are read first, so that a wrong one is told at start and not at night. */
import { appConfig } from '../shared/app.ts';
import './complianceSweep.ts';
import './deadLetter.ts';
import './mirrorFailover.ts';
import './primaryWatch.ts';
import './reconcile.ts';
import './resourceChange.ts';
import './runs.ts';

appConfig();
