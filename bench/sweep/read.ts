/**
 * A process that does what a sweep reads and judges, over https with Azure's SDKs: the lists, the survey, and what comes
 * of it without any knowledge of guests. And rule health, some questions at a time. Prints figures as one line of JSON.
 */
import { performance } from 'node:perf_hooks';
import { openAzure } from '../../shared/azure/adapters.ts';
import { judge } from '../../shared/evaluate/judge.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import { inBatches } from '../../shared/model/batches.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';

export interface SweepFigures {
  listMs: number;
  judgeMs: number;
  /** Processor time of both, loading the SDKs included. */
  cpuMs: number;
  vms: number;
  ways: number;
  /** The most that was resident, MB. */
  rssMb: number;
  /** How long each question to rule health took until its answer. */
  healthMs: number[];
}

interface Order {
  endpoint: string;
  subscriptionId: string;
  /** Rules to ask for their health, so many side by side. */
  rules: string[];
  sideBySide: number;
}

const { endpoint, subscriptionId, rules, sideBySide } = JSON.parse(process.argv[2] ?? '') as Order;
const azure = openAzure({ endpoint, audience: endpoint });
const began = performance.now();
const topology = await azure.topology.read(subscriptionId);
const listed = performance.now();
const estate = survey(topology, { subscriptionIds: [subscriptionId], within: [], ...DEFAULT_TAGS });
judge(estate, new Map(), new Map(), Date.now());
const judged = performance.now();
const { user, system } = process.cpuUsage();
const cpuMs = (user + system) / 1000;
const rssMb = process.resourceUsage().maxRSS / 1024;
const healthMs: number[] = [];
await inBatches(rules, sideBySide, async (rule) => {
  const from = performance.now();
  let answer = await azure.health.read(rule);
  while (!Array.isArray(answer)) answer = await azure.health.read(rule, answer.location);
  healthMs.push(performance.now() - from);
});
const figures: SweepFigures = {
  listMs: listed - began,
  judgeMs: judged - listed,
  cpuMs,
  vms: topology.vms.length,
  ways: estate.ways.length,
  rssMb,
  healthMs,
};
console.log(JSON.stringify(figures));
