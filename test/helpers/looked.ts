/** Guests as evaluate hears of them: reports under the plan that an evaluation made. */
import { planHash } from '../../shared/evaluate/planHash.ts';
import type { ConnectOutcome, Drift, GuestMode, GuestPlan, GuestReport, PathReport } from '../../shared/model/guest.ts';
import type { IdKey } from '../../shared/model/ids.ts';
import type { Evaluation, GuestLook, VmKnowledge } from '../../shared/model/path.ts';
import { NOW } from './estate.ts';

export interface Heard {
  mode?: GuestMode;
  /** What is left wrong on every path. */
  drift?: Drift[];
  connect?: ConnectOutcome;
  report?: Partial<GuestReport>;
  look?: Partial<GuestLook>;
  knowledge?: Partial<VmKnowledge>;
}

/** What is known of a VM whose guest answered for its whole plan: by default that all is well. */
export function knowing(plan: GuestPlan, heard: Heard = {}): VmKnowledge {
  const { mode = 'apply', drift = [], connect = 'ok' } = heard;
  const paths = plan.frontends.map(
    ({ vip, port, via }): PathReport => ({
      vip,
      before: drift,
      after: drift,
      connectBefore: { outcome: 'none', ms: 0 },
      connectAfter: { outcome: port === undefined ? 'none' : connect, ms: 1 },
      source: via.ip,
      proof: connect === 'ok' && port !== undefined ? 'remote' : 'none',
    }),
  );
  const report: GuestReport = {
    schema: 1,
    commandId: '0'.repeat(32),
    os: 'linux',
    mode,
    changed: 0,
    paths,
    warnings: [],
    ...heard.report,
  };
  return {
    look: { at: NOW, planHash: planHash(plan), report, ...heard.look },
    proofs: {},
    held: false,
    findings: [],
    ...heard.knowledge,
  };
}

/** The same for every VM that has a plan. */
export const knowingAll = ({ plans }: Evaluation, heard: Heard = {}): Map<IdKey, VmKnowledge> =>
  new Map([...plans].map(([key, { plan }]) => [key, knowing(plan, heard)]));

/** Of a VM that was never looked at. */
export const unseen = (knowledge: Partial<VmKnowledge>): VmKnowledge => ({
  proofs: {},
  held: false,
  findings: [],
  ...knowledge,
});
