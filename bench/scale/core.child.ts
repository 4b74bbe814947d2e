/**
 * The pure core, measured in a process of its own: its processor time and its heap are nobody else's. Each step is made
 * once to warm up and then five times, each time with a survey that nobody used before: a plan is given its hash when it is
 * first asked for.
 */
import assert from 'node:assert/strict';
import { decide } from '../../shared/decide/decide.ts';
import { healthOf } from '../../shared/decide/frontends.ts';
import { intakeOf } from '../../shared/decide/intake.ts';
import type { Look, Observed } from '../../shared/decide/pass.ts';
import { forecast } from '../../shared/evaluate/forecast.ts';
import { judge } from '../../shared/evaluate/judge.ts';
import { type Survey, survey } from '../../shared/evaluate/survey.ts';
import { type IdKey, idKey } from '../../shared/model/ids.ts';
import type { VmKnowledge } from '../../shared/model/path.ts';
import type { OutcomeRow, RunRow, VmRow } from '../../shared/model/rows.ts';
import type { Versioned } from '../../shared/model/store.ts';
import type { Topology } from '../../shared/model/topology.ts';
import { NOW, pairs, SETTINGS, SUBSCRIPTION } from '../estate.ts';
import { cpuMs, median } from '../rows.ts';
import { COPY, type CoreFigures } from './coreFigures.ts';
import { commanded, knownFrontends, knownVm, runningView, sweepRun, waiting, withCommand } from './known.ts';

const ROUNDS = 5;
const { gc } = globalThis;
assert(gc, 'started without --expose-gc');

process.once('message', (sizes: number[]) => {
  process.send?.(sizes.map(measure));
  process.disconnect?.();
});

function measure(vms: number): CoreFigures {
  const steps: CoreFigures['steps'] = {};
  let heap = 0;
  const step = <T>(name: string, prepare: () => T, work: (given: T) => unknown): void => {
    const took: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const given = prepare();
      gc?.();
      const began = cpuMs();
      const result = work(given);
      took.push(cpuMs() - began);
      if (round > 0) continue;
      // What is in use while a step's input and its result are both there.
      gc?.();
      heap = Math.max(heap, process.memoryUsage().heapUsed);
      assert(given !== undefined && result !== undefined);
    }
    steps[name] = median(took.slice(1));
  };
  const topology = pairs(vms);
  const health = healthOf(knownFrontends(vms));
  const known = knownRows(topology);
  const knowledge = new Map(known.map((row): [IdKey, VmKnowledge] => [idKey(row.vmId), knowledgeOfRow(row)]));
  const surveyed = (): Survey => {
    const estate = survey(topology, SETTINGS.scope);
    assert.equal(estate.ways.length, 2 * vms);
    return estate;
  };

  // What this machine takes for plain work on the same data.
  step(
    COPY,
    () => topology,
    (lists) => JSON.parse(JSON.stringify(lists)),
  );
  // That copy is no part of the loop.
  heap = 0;
  step('survey', () => topology, surveyed);
  step('judge', surveyed, (made) => judge(made, health, knowledge, NOW));
  step(
    'survey + judge',
    () => topology,
    () => judge(surveyed(), health, knowledge, NOW),
  );
  step(
    'decide, first sweep',
    () => firstSweep(topology),
    (seen) => {
      const { writes } = decide(seen, SETTINGS);
      assert.equal(writes.filter((write) => write.table === 'outcomes').length, vms);
      return writes;
    },
  );
  const nothingDue = (seen: Observed) => {
    const { writes, effects, history } = decide(seen, SETTINGS);
    assert.equal(writes.length + effects.length + history.length, 0);
    return writes;
  };
  // Each path stands as it was noted before.
  const histories = decide(allWait(topology, known, true), SETTINGS).history.map(({ row }) => versioned(row));
  assert.equal(histories.length, vms);
  step('decide, nothing due', () => allWait(topology, known, false), nothingDue);
  step('decide, nothing due, estate in hand', () => ({ ...allWait(topology, known, true), histories }), nothingDue);
  step('forecast', () => judge(surveyed(), health, knowledge, NOW), forecast);
  return { vms, steps, heapMb: heap / 1024 / 1024 };
}

function knownRows(topology: Topology): VmRow[] {
  const estate = survey(topology, SETTINGS.scope);
  return topology.vms.map(({ id }) => knownVm(estate, idKey(id)));
}

const knowledgeOfRow = ({ look, proofs }: VmRow): VmKnowledge => ({
  ...(look ? { look } : {}),
  proofs,
  held: false,
  findings: [],
});

const versioned = <T>(row: T): Versioned<T> => ({ row, etag: 'W/"1"' });

const empty = (runs: RunRow[]): Observed => ({
  subscriptionId: SUBSCRIPTION,
  now: NOW,
  runs: runs.map(versioned),
  intake: intakeOf(runs),
  outcomes: [],
  whole: new Set(),
  vms: [],
  frontends: [],
  looks: new Map(),
  health: new Map(),
  unusable: new Map(),
  unreadableOutcomes: new Map(),
});

/** A sweep of everything was just accepted, and nothing is known. */
function firstSweep(topology: Topology): Observed {
  const run = sweepRun('first');
  return { ...empty([run]), whole: new Set([run.runId]), survey: survey(topology, SETTINGS.scope) };
}

/**
 * A sweep is under way in which every VM waits: as many commands run as may, each on a VM of another pair. Without the
 * estate there are, as in a pass, no more VM rows than commands.
 */
function allWait(topology: Topology, known: readonly VmRow[], withEstate: boolean): Observed {
  const estate = survey(topology, SETTINGS.scope);
  const run = sweepRun('waits', { state: 'running', startedAt: NOW - 60_000 });
  const vms: VmRow[] = [];
  const outcomes: OutcomeRow[] = [];
  const looks = new Map<IdKey, Look>();
  for (const [i, row] of known.entries()) {
    const key = idKey(row.vmId);
    const isBusyPair = i < 2 * SETTINGS.maxCommands;
    if (isBusyPair && i % 2 === 1) {
      vms.push(withCommand(row, estate, key, run.runId));
      outcomes.push(commanded(run.runId, row.vmId));
      looks.set(key, { kind: 'seen', at: NOW, view: runningView(row.vmId) });
    } else {
      if (withEstate) vms.push(row);
      outcomes.push(waiting(run.runId, row.vmId, isBusyPair ? 'MEMBER_BUSY' : 'COMMAND_LIMIT'));
    }
  }
  const seen: Observed = { ...empty([run]), vms: vms.map(versioned), outcomes: outcomes.map(versioned), looks };
  if (!withEstate) return seen;
  return { ...seen, frontends: knownFrontends(known.length).map(versioned), survey: estate };
}
