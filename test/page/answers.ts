/** What an app answers of a sample, and runs as its documents tell them. */
import { NOW } from '../helpers/estate.ts';
import { type Answers, problem, type Reply } from './fakeApp.ts';
import type { Sample } from './samples.ts';

export const estateReply = (body: unknown, etag = 'W/"1"'): Reply => ({ headers: { etag }, body });

const lastName = (id: string | null): string => id?.split('/').at(-1) ?? '';

/** Estate, traces and no run. */
export function answersOf(sample: Sample): Answers {
  const { groups } = sample.view;
  return {
    'GET /api/estate': estateReply(sample.view),
    'GET /api/paths': ({ query }) => {
      const frontend = groups.flatMap(({ frontends }) => frontends).find(({ id }) => id === query.get('vip'));
      const trace = sample.trace(lastName(query.get('vm')), frontend?.vip ?? '');
      return trace ? { body: { trace } } : problem(404, 'no such path', 'NOT_FOUND');
    },
    'GET /api/runs': { body: { runs: [] } },
  };
}

export const RUN = 'a'.repeat(32);

const NO_COUNTS = {
  vms: 2,
  compliant: 0,
  repaired: 1,
  repairable: 0,
  blocked: 0,
  unknown: 0,
  failed: 0,
  removed: 0,
  superseded: 0,
  planned: 0,
  commands: 2,
  looked: 1,
  believed: 0,
};

/** A run over hs-a, which has ended, and hs-b, which ends with the run. */
export function runOf(state: 'accepted' | 'running' | 'settled' | 'failed', more: Record<string, unknown> = {}) {
  const vm = (name: string, isDone: boolean) => ({
    vm: name,
    vmId: `/subscriptions/0/resourceGroups/x/providers/Microsoft.Compute/virtualMachines/${name}`,
    state: isDone ? 'settled' : 'commanded',
    ...(isDone ? { result: 'repaired' } : { waitingFor: { code: 'COMMAND', text: 'Its command runs.' } }),
    changed: isDone ? 11 : 0,
    warnings: [],
    findings: [],
    paths: isDone
      ? ['10.0.1.100', '10.0.1.101'].map((vip) => ({
          frontend: vip,
          vip,
          exposure: 'latent',
          verdict: 'compliant',
          proof: { kind: 'self' },
          findings: [],
          after: { drift: [], outcome: 'ok', ms: 3 },
        }))
      : [],
  });
  return {
    runId: RUN,
    signal: 'manual',
    mode: 'apply',
    dryRun: false,
    state,
    acceptedAt: new Date(NOW - 60_000).toISOString(),
    scope: [],
    counts: NO_COUNTS,
    vms: [vm('hs-a', true), vm('hs-b', state === 'settled')],
    ...more,
  };
}
