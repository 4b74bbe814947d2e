/** The trace of a connection as a document: for the terminal, a page and a drawing alike. Pure. */

import type { PacketEnds } from '../evaluate/packetEnds.ts';
import type { Survey } from '../evaluate/survey.ts';
import {
  type ConnectionTrace,
  type Fix,
  outcomeOf,
  type Scenario,
  type Trace,
  traceConnection,
} from '../evaluate/trace.ts';
import type { EstateReading } from '../model/estateReading.ts';
import type { Drift } from '../model/guest.ts';
import type { IdKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Evaluation } from '../model/path.ts';
import { TRACE_ASSUMPTIONS, traceStepText } from '../model/traceSteps.ts';

export interface TraceStepView {
  direction: 'there' | 'back';
  state: 'passes' | 'dies';
  code: string;
  text: string;
}

export interface TraceWay {
  fix: Fix;
  target?: string;
  outcome: 'works' | 'fails';
  steps: TraceStepView[];
  assumptions: { code: string; text: string }[];
}

export interface TraceScenario {
  /** The VM that becomes primary; none: now. */
  failoverTo?: string;
  /** With the guest as it is known. `unknown`: nobody knows the guest, or who is primary. */
  outcome: 'works' | 'fails' | 'sometimes' | 'unknown';
  asIs: TraceWay[];
  withFix: TraceWay[];
}

export interface TraceView {
  vm: string;
  vip: string;
  frontend: string;
  port?: number;
  fix?: Fix;
  scenarios: TraceScenario[];
  stopped: string[];
}

/** The trace of one path, with what is known to be in its guest. Undefined when there is no such path. */
export function traceView(
  observed: EstateReading,
  survey: Survey,
  evaluation: Evaluation,
  { vm, frontend }: { vm: IdKey; frontend: IdKey },
  ends?: PacketEnds,
): TraceView | undefined {
  const trace = traceConnection(survey, evaluation, vm, frontend, fixOf(observed, evaluation, vm, frontend), ends);
  return trace && viewOf(trace);
}

const viewOf = ({ scenarios, ...trace }: ConnectionTrace): TraceView => ({
  ...trace,
  scenarios: scenarios.map(({ failoverTo, asIs, withFix }: Scenario) => ({
    ...defined({ failoverTo }),
    outcome: outcomeOf(asIs),
    asIs: asIs.map(wayView),
    withFix: withFix.map(wayView),
  })),
});

const wayView = ({ fix, target, outcome, steps, assumptions }: Trace): TraceWay => ({
  fix,
  ...defined({ target }),
  outcome,
  steps: steps.map((step) => ({
    direction: step.direction,
    state: step.state,
    code: step.code,
    text: traceStepText(step),
  })),
  assumptions: assumptions.map((code) => ({ code, text: TRACE_ASSUMPTIONS[code] })),
});

const WITHOUT_ROUTE: ReadonlySet<Drift> = new Set(['route-missing', 'lookup-rule']);
const WITHOUT_REPLY: ReadonlySet<Drift> = new Set(['reply-route', 'reply-rule', 'reply-order']);
/** What changes no packet's way: the installation, and what is left over. */
const HARMLESS: ReadonlySet<Drift> = new Set(['script-changed', 'unit-disabled', 'leftover', 'route-not-persistent']);

/** What is in the guest by its last report. Other drift (a wrong route, a NIC that is down) does not tell the way. */
function fixOf(observed: EstateReading, evaluation: Evaluation, vm: IdKey, frontend: IdKey): Fix | undefined {
  const path = evaluation.pathsOfFrontend.get(frontend)?.find(({ vmKey }) => vmKey === vm);
  if (!path || (observed.heard.get(vm) ?? 'never') === 'never') return path && 'none';
  const row = observed.knowledge.get(vm)?.look?.report.paths.find(({ vip }) => vip === path.vip);
  if (!row) return undefined;
  const drift = row.after;
  if (drift.some((one) => !WITHOUT_ROUTE.has(one) && !WITHOUT_REPLY.has(one) && !HARMLESS.has(one))) return undefined;
  if (drift.some((one) => WITHOUT_ROUTE.has(one))) return 'none';
  return drift.some((one) => WITHOUT_REPLY.has(one)) ? 'route' : 'whole';
}
