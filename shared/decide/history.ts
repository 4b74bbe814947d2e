/** What a pass adds to the history of its paths. Pure. */
import { isNoted, type Noted, noteHistory } from '../evaluate/history.ts';
import { dayOf, type PathState } from '../model/history.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { Path } from '../model/path.ts';
import type { EstatePass } from './pass.ts';

/** Rows of the history to write. Without an ETag the first is new. */
export interface HistoryWrite extends Noted {
  etag?: string;
}

/** What changed on the subscription's own VMs since it was last noted; nothing where nothing did. */
export function historyOf(pass: EstatePass): HistoryWrite[] {
  const { evaluation, survey, seen, now } = pass;
  const known = new Map((seen.histories ?? []).map((found) => [idKey(found.row.vmId), found]));
  const runs = runsByVm(pass);
  const oldest = dayOf(now - pass.settings.runAgeMs);
  const writes: HistoryWrite[] = [];
  const note = (key: IdKey, vmId: string, paths: readonly Path[]): void => {
    const found = known.get(key);
    if (found && isNoted(found.row, paths)) return;
    const states = paths.map((path) => ({
      frontendId: path.frontendId,
      vip: path.vip,
      state: stateOf(path, runs.get(key)),
    }));
    // While lists are missing, a path that is not seen may be there all the same.
    const noted = noteHistory(found?.row, vmId, states, now, survey.unread.length === 0);
    if (!noted) return;
    const { row, aside } = noted;
    // Days older than those that are kept are not looked through any more: nothing is put there.
    const isKept = aside !== undefined && aside.day >= oldest;
    writes.push({ row, ...defined({ aside: isKept ? aside : undefined, etag: found?.etag }) });
  };
  for (const [key, paths] of evaluation.pathsOfVm) {
    const vmId = paths[0]?.vmId;
    if (vmId !== undefined && survey.isOwn(key)) note(key, vmId, paths);
  }
  for (const [key, { row }] of known) if (!evaluation.pathsOfVm.has(key)) note(key, row.vmId, []);
  return writes;
}

function stateOf({ exposure, verdict, proof, findings }: Path, runId: string | undefined): PathState {
  const provedAt = proof.kind === 'none' ? undefined : proof.at;
  return { exposure, verdict, proof: proof.kind, ...defined({ provedAt, code: findings[0]?.code, runId }) };
}

/** The run that was last about each VM in this pass: one that has just settled there before one that is under way. */
function runsByVm({ outcomes, now }: EstatePass): Map<IdKey, string> {
  const runs = new Map<IdKey, string>();
  const settled = new Set<IdKey>();
  for (const { vmId, runId, state, settledAt } of outcomes.readAll()) {
    const key = idKey(vmId);
    const isNow = state === 'settled' && settledAt === now;
    if ((state === 'settled' && !isNow) || (settled.has(key) && !isNow)) continue;
    runs.set(key, runId);
    if (isNow) settled.add(key);
  }
  return runs;
}
