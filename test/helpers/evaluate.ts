/** Survey and judgement in one call, for tests that are about what comes of both. */
import { judge } from '../../shared/evaluate/judge.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import type { IdKey } from '../../shared/model/ids.ts';
import type { Evaluation, VmKnowledge } from '../../shared/model/path.ts';
import type { Scope } from '../../shared/model/scope.ts';
import type { HealthMap, Topology } from '../../shared/model/topology.ts';

export interface EvaluateInput {
  topology: Topology;
  health: HealthMap;
  /** By VM key; a VM that is not in it was never looked at. */
  knowledge: ReadonlyMap<IdKey, VmKnowledge>;
  scope: Scope;
  /** Epoch milliseconds. */
  now: number;
}

/** An estate as survey and judge see it. */
export const evaluate = ({ topology, health, knowledge, scope, now }: EvaluateInput): Evaluation =>
  judge(survey(topology, scope), health, knowledge, now);
