/** The estate by its lists alone: before health and guests are known. Pure. */
import { evaluate } from '../evaluate/evaluate.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';
import type { RunRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { Topology } from '../model/topology.ts';
import { pathsInScope } from './targets.ts';

/** Asked for by observe and by decide of the same pass. */
const bare = new WeakMap<Topology, { settings: LoopSettings; evaluation: Evaluation }>();

/** Frontends and members, without health and knowledge. */
export function bareEvaluation(topology: Topology, settings: LoopSettings): Evaluation {
  const known = bare.get(topology);
  if (known?.settings === settings) return known.evaluation;
  const evaluation = evaluate({ topology, health: new Map(), knowledge: new Map(), scope: settings.scope, now: 0 });
  bare.set(topology, { settings, evaluation });
  return evaluation;
}

/** The frontends of every VM that the open runs cover: a VM's command goes through all of its frontends. */
export function frontendsInPlay(runs: readonly RunRow[], evaluation: Evaluation, topology: Topology): Set<IdKey> {
  const vms = new Set(runs.flatMap((run) => pathsInScope(run, evaluation, topology)).map((path) => idKey(path.vmId)));
  return new Set(evaluation.paths.filter((path) => vms.has(idKey(path.vmId))).map((path) => idKey(path.frontendId)));
}
