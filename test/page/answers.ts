/** What an app answers of a sample, and runs as its documents tell them. */
import { noCounts } from '../../shared/model/rows.ts';
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
    'GET /api/history': historyReply(sample),
  };
}

export const RUN = 'a'.repeat(32);

const COUNTS = { ...noCounts(), vms: 2, repaired: 1, commands: 2, looked: 1 };

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
    counts: COUNTS,
    vms: [vm('hs-a', true), vm('hs-b', state === 'settled')],
    ...more,
  };
}

const DAY = 86_400_000;
const MONTH = NOW - 30 * DAY;

/** A month: a path that failed for some minutes on a day and was proved since, one that waits for a person, one kept lately. */
export function historyReply(sample: Sample): Reply {
  const [group] = sample.view.groups;
  const at = (ms: number): string => new Date(ms).toISOString();
  const of = (vm: string, vip: string) => ({
    vm,
    vip,
    vmId: group?.vms.find(({ name }) => name === vm)?.id ?? vm,
    frontend: group?.frontends.find((one) => one.vip === vip)?.id ?? vip,
  });
  const span = (from: number, to: number | undefined, exposure: string, verdict: string, proof = 'none') => ({
    from: at(from),
    ...(to === undefined ? {} : { to: at(to) }),
    seconds: ((to ?? NOW) - from) / 1000,
    exposure,
    verdict,
    proof,
  });
  const failed = MONTH + 4 * DAY + 9 * 3_600_000;
  const paths = [
    {
      ...of('hs-a', '10.0.1.100'),
      seconds: { exposed: 180, atRisk: 0, unknown: 0, safe: 30 * 86_400 - 180 },
      changes: 2,
      proved: [at(failed + 180_000), at(NOW - 2 * 3_600_000)],
      spans: [
        span(MONTH, failed, 'latent', 'compliant', 'remote'),
        span(failed, failed + 180_000, 'active', 'repairable'),
        span(failed + 180_000, undefined, 'active', 'compliant', 'self'),
      ],
    },
    {
      ...of('hs-c', '10.0.1.102'),
      seconds: { exposed: 0, atRisk: 30 * 86_400, unknown: 0, safe: 0 },
      changes: 0,
      proved: [],
      spans: [span(MONTH, undefined, 'latent', 'blocked')],
    },
    {
      ...of('hs-b', '10.0.1.101'),
      seconds: { exposed: 0, atRisk: 7200, unknown: 3600, safe: 9 * 86_400 },
      changes: 12,
      proved: [at(NOW - 840_000)],
      spans: [
        span(NOW - 10 * DAY, NOW - 9 * DAY, 'latent', 'unknown'),
        span(NOW - 8 * DAY, undefined, 'latent', 'compliant', 'remote'),
      ],
      mixed: [{ from: at(NOW - 9 * DAY), to: at(NOW - 8 * DAY), changes: 11, seconds: { 'latent repairable': 7200 } }],
    },
  ];
  return { body: { at: at(NOW), from: at(MONTH), days: 31, paths } };
}
