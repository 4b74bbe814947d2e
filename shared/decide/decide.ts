/**
 * The heart of the loop, a pure function: everything observed and the clock in; new rows, effects, outcomes,
 * settled runs and when to look again out. Limits, order and exclusion are plain data here, because one loop at a
 * time decides for a subscription.
 */
import { judge } from '../evaluate/judge.ts';
import type { Survey } from '../evaluate/survey.ts';
import { isOpen, isUnconfirmed } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { LogLine } from '../model/steps.ts';
import { noteAway } from './away.ts';
import { cancelRuns } from './cancel.ts';
import { followCommands, rejoinCommands } from './commands.ts';
import { confirm } from './failover.ts';
import { healthOf, keepFrontends, takeHealth, tellMove } from './frontends.ts';
import { type HistoryWrite, historyOf } from './history.ts';
import { intakeOf } from './intake.ts';
import { noteAbsent } from './kept.ts';
import { knowledgeOf } from './knowledge.ts';
import { isStuck } from './limits.ts';
import { isAsking } from './needs.ts';
import { tellPaths, tellRefusals } from './news.ts';
import { type Effect, type EstatePass, type Observed, type Pass, type RowWrite, tell, writesOf } from './pass.ts';
import { planRuns } from './planRun.ts';
import { startCommands } from './rollout.ts';
import { closeRuns, giveUp, joinRuns, settleEnded, withoutEstate } from './settle.ts';
import { startPass } from './startPass.ts';

export interface Decision {
  /** In the order in which they must be written. */
  writes: RowWrite[];
  /** Done side by side after all writes. */
  effects: Effect[];
  /** What is added to the history, once all else is done. */
  history: HistoryWrite[];
  log: LogLine[];
  /** Other subscriptions whose loops have a new run. */
  ring: string[];
  /** Seconds until the next look; 0 at once; undefined when nothing is open. */
  nextLook: number | undefined;
  /** Whether events wait to be published since this pass. */
  hasNews: boolean;
}

/** Decides one pass. */
export function decide(seen: Observed, settings: LoopSettings): Decision {
  const pass = startPass(seen, settings);
  if (pass.survey) {
    keepFrontends(pass, pass.survey);
    noteAbsent(pass, pass.survey);
    noteAway(pass, pass.survey);
  }
  const moves = takeHealth(pass);
  rejoinCommands(pass);
  cancelRuns(pass);
  followCommands(pass);
  joinRuns(pass);
  let started = 0;
  let history: HistoryWrite[] = [];
  if (pass.survey) {
    const estate = withEvaluation(pass, pass.survey);
    started = withEstate(estate);
    history = historyOf(estate);
  } else {
    if (seen.estateError) withoutEstate(pass, seen.estateError);
    giveUp(pass);
  }
  // A run found in this pass is planned by the next: `running` in the table means that its outcomes are there too.
  for (const move of moves) tellMove(pass, move);
  const closed = closeRuns(pass);
  tellRefusals(pass);
  return {
    writes: writesOf(pass),
    effects: pass.effects,
    history,
    log: pass.log,
    ring: [...new Set(pass.handed.map(({ subscriptionId }) => subscriptionId))],
    nextLook: nextLook(pass, started > 0 || !closed),
    hasNews: pass.news.changes().some(({ row }) => row.pending.length > 0),
  };
}

/** Adds what the estate comes to, by what is known of guests once this pass's reports are in. */
function withEvaluation(pass: Pass, survey: Survey): EstatePass {
  const evaluation = judge(survey, healthOf(pass.frontends.readAll()), knowledgeOf(pass, survey), pass.now);
  return { ...pass, survey, evaluation };
}

/** Plans runs, ends outcomes and starts commands; returns how many commands were started. */
function withEstate(pass: EstatePass): number {
  for (const run of pass.runs.all()) {
    if (!isOpen(run)) continue;
    delete run.reason;
    if (run.state === 'running' || pass.seen.intake.planned.has(run.runId)) confirm(pass, run);
  }
  planRuns(pass);
  // Told with the runs that begin by it: the same notes every few seconds help nobody.
  const notes = pass.seen.intake.planned.size > 0 ? pass.survey.notes : [];
  for (const note of notes) tell(pass, 'topology-note', { ...note });
  settleEnded(pass);
  giveUp(pass);
  tellPaths(pass);
  return startCommands(pass);
}

/** Seconds until the next look. An intended command is read and sent by the very next pass, a new run planned by it. */
function nextLook(pass: Pass, hasMore: boolean): number | undefined {
  const { bellSeconds } = pass.settings;
  const open = [...pass.runs.readAll()].filter(isOpen);
  const next = intakeOf(open);
  const isNew = next.joined.size + next.planned.size > 0 && !pass.seen.estateError;
  if (hasMore || isNew) return 0;
  let inFlight = false;
  // One that does not end is looked at by the minute's bell.
  for (const { command } of pass.vms.readAll()) {
    inFlight ||= command !== undefined && !isStuck(command, pass.settings, pass.now);
  }
  const isAsked = [...pass.frontends.readAll()].some(isAsking);
  if (open.length === 0) return inFlight || isAsked ? bellSeconds : undefined;
  const isPatient = !inFlight && !isAsked && open.every((run) => run.state === 'running' && !isUnconfirmed(run));
  let earliest: number | undefined;
  for (const outcome of pass.outcomes.readAll()) {
    if (outcome.state === 'settled') continue;
    const at = outcome.notBefore ?? pass.now;
    earliest = earliest === undefined ? at : Math.min(earliest, at);
  }
  if (!isPatient || earliest === undefined) return bellSeconds;
  return Math.max(bellSeconds, Math.ceil((earliest - pass.now) / 1000));
}
