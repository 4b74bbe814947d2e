/** What waits while the lists of another subscription are missing. Pure. */
import { type Finding, finding } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { RunRow } from '../model/rows.ts';
import { ESTATE_BUDGET_MS } from './limits.ts';
import type { EstatePass } from './pass.ts';

/**
 * Why a VM is not changed while the lists of another subscription are missing: it is behind something there, or the
 * guest holds a VIP that its plan would take away. Undefined for all others, which go on.
 */
export function whyHeldBack({ survey, evaluation, vms, frontends }: EstatePass, key: IdKey): Finding | undefined {
  const [first] = survey.unread;
  if (!first) return undefined;
  const named = evaluation.listedOf.get(key)?.find((item) => item.finding.code === 'SUBSCRIPTION_UNREAD');
  if (named) return named.finding;
  const held = vms.read(key)?.look?.report.paths ?? [];
  const known = new Set(evaluation.pathsOfVm.get(key)?.map(({ vip }) => vip));
  const kept = held.find(({ vip }) => !known.has(vip));
  // Of a load balancer whose lists are there it is gone indeed.
  if (
    !kept ||
    [...frontends.readAll()].some(({ frontendId, vip }) => vip === kept.vip && survey.isOwn(idKey(frontendId)))
  )
    return undefined;
  return finding('SUBSCRIPTION_UNREAD', { id: kept.vip, subscription: first.subscriptionId, why: first.why });
}

/** True while a run waits for lists that are missing. The next sweep comes anyway. */
export const waitsForLists = ({ now }: EstatePass, run: RunRow): boolean =>
  run.signal !== 'sweep' && now - (run.startedAt ?? now) < ESTATE_BUDGET_MS;
