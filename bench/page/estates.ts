/** Estates of 500 VMs as the app tells them to the page, with traces and a month's history. */

import { judge } from '../../shared/evaluate/judge.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import { idKey } from '../../shared/model/ids.ts';
import type { VmKnowledge } from '../../shared/model/path.ts';
import { NO_SURROUNDINGS } from '../../shared/model/surroundings.ts';
import type { BackendHealth, HealthMap, Topology } from '../../shared/model/topology.ts';
import { estateView, NO_ROWS } from '../../shared/views/estate.ts';
import type { HistoryView } from '../../shared/views/historySchema.ts';
import { traceView } from '../../shared/views/trace.ts';
import { frontendId, healthWith, NOW, numbers, pairs, SETTINGS, SUBSCRIPTION } from '../estate.ts';
import { knownVm } from '../scale/known.ts';

const DAY_MS = 86_400_000;
const DAYS = 30;

/** What the page is answered: texts, made once, so that no answer is computed while the page is measured. */
export interface PageEstate {
  estate: string;
  history: string;
  /** The trace of a path, by the ids of VM and frontend. */
  trace(vmId: string, frontend: string): string | undefined;
}

/** VMs in pairs, two mirrors each, all right and each first VM primary. */
export const inPairs = (vms: number): PageEstate => {
  const health = numbers(vms).map((i) => {
    const id = frontendId(i >> 1, i % 2);
    return [idKey(id), known(id, healthWith(i - (i % 2)))] as const;
  });
  return told(pairs(vms), new Map(health));
};

const known = (frontend: string, backends: BackendHealth[]) => ({
  frontendId: frontend,
  state: 'known' as const,
  backends,
  at: NOW - 5000,
});

/** Every VM behind every VIP, nobody asked about any. */
export function inOneGroup(vms: number, vips: number): PageEstate {
  const listed = pairs(vms);
  const [balancer] = listed.loadBalancers;
  if (!balancer) throw new Error('the estate has no load balancer');
  const members = listed.loadBalancers.flatMap(({ pools }) => pools.flatMap((pool) => pool.ipConfigurationIds));
  const [pool] = balancer.pools;
  if (!pool) throw new Error('the load balancer has no pool');
  const one = {
    ...balancer,
    frontends: balancer.frontends.slice(0, vips),
    rules: balancer.rules.slice(0, vips).map((rule) => ({ ...rule, poolIds: [pool.id] })),
    probes: balancer.probes.slice(0, vips),
    pools: [{ ...pool, ipConfigurationIds: members }],
  };
  const nics = listed.nics.map((nic) => ({
    ...nic,
    ipConfigurations: nic.ipConfigurations.map((ip) => ({ ...ip, poolIds: ip.poolIds.length > 0 ? [pool.id] : [] })),
  }));
  return told({ ...listed, nics, loadBalancers: [one] }, new Map(), false);
}

function told(topology: Topology, health: HealthMap, isLookedAt = true): PageEstate {
  const surveyed = survey(topology, SETTINGS.scope);
  const knowledge = new Map(
    [...surveyed.plans.keys()].flatMap((key): [typeof key, VmKnowledge][] => {
      if (!isLookedAt) return [];
      const { look, proofs, findings } = knownVm(surveyed, key);
      return [[key, { proofs, held: false, findings, ...(look ? { look } : {}) }]];
    }),
  );
  const evaluation = judge(surveyed, health, knowledge, NOW);
  const observed = {
    at: NOW,
    subscriptions: [{ id: SUBSCRIPTION, name: 'Production' }],
    topology,
    health,
    knowledge,
    heard: new Map([...knowledge.keys()].map((key) => [key, 'report' as const])),
    surroundings: NO_SURROUNDINGS,
    unread: [],
  };
  const view = estateView(
    {
      observed,
      listedAt: NOW - 20_000,
      evaluation,
      ...NO_ROWS,
    },
    'enforce',
  );
  const at = (ms: number): string => new Date(ms).toISOString();
  const history: HistoryView = {
    at: at(NOW),
    from: at(NOW - DAYS * DAY_MS),
    days: DAYS + 1,
    paths: evaluation.paths.slice(0, MOST_PATHS).map(({ vmId, vip, frontendId: frontend }) => ({
      vm: vmId.split('/').at(-1) ?? '',
      vip,
      vmId,
      frontend,
      seconds: { exposed: 0, atRisk: 0, unknown: 3600, safe: DAYS * 86_400 - 3600 },
      changes: 1,
      proved: numbers(DAYS).map((day) => at(NOW - (DAYS - day) * DAY_MS)),
      spans: [
        {
          from: at(NOW - DAYS * DAY_MS),
          to: at(NOW - DAYS * DAY_MS + 3_600_000),
          seconds: 3600,
          exposure: 'latent',
          verdict: 'unknown',
          proof: 'none',
        },
        {
          from: at(NOW - DAYS * DAY_MS + 3_600_000),
          seconds: DAYS * 86_400 - 3600,
          exposure: 'latent',
          verdict: 'compliant',
          proof: 'remote',
        },
      ],
    })),
  };
  return {
    estate: JSON.stringify(view),
    history: JSON.stringify(history),
    trace(vmId, frontend) {
      const [vm, key] = [idKey(vmId), idKey(frontend)];
      const trace = traceView(observed, surveyed, evaluation, { vm, frontend: key });
      return trace && JSON.stringify({ trace });
    },
  };
}

/** Paths that one answer of the app about history has at the most. */
const MOST_PATHS = 2000;
