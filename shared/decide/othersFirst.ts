/** Whether a member of another subscription is to be changed before a candidate, as far as its row and lists tell. Pure. */
import { isAudited } from '../evaluate/touchable.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { RunRow } from '../model/rows.ts';
import { subscriptionOf } from '../model/scope.ts';
import type { Candidate } from './candidates.ts';
import { sharedOf } from './elsewhere.ts';
import type { EstatePass } from './pass.ts';
import { announcedVm, covered } from './scope.ts';

/** How long a member of another subscription is let go first, when nothing begins there and when commands run there. */
const PATIENCE_MS = 2 * 60_000;
const MOST_MS = 30 * 60_000;

/**
 * True while a member of another subscription is to be changed before this one: the failover's new primary, or one that
 * is primary for less. It counts only while its own loop is about to do it: the run is about it too, nothing keeps it
 * from being changed, and it has not been done since the run was accepted.
 */
export function letsOthersFirst(pass: EstatePass, candidate: Candidate): boolean {
  const { survey, seen, now } = pass;
  if (candidate.mode === 'check' || !seen.elsewhere) return false;
  for (const { members } of sharedOf(survey, candidate.key)) {
    for (const { key } of members) {
      if (survey.isOwn(key) || !goesFirst(pass, candidate, key) || !mayChange(pass, key)) continue;
      const isUnderWay = seen.elsewhere.commanded.some(({ vmId }) => subscriptionOf(vmId) === subscriptionOf(key));
      const most = isUnderWay ? MOST_MS : PATIENCE_MS;
      const waited = (run: RunRow) => now - (run.startedAt ?? now);
      if (candidate.wishes.some(({ run }) => waited(run) < most && isAbout(pass, run, key) && !isDone(pass, run, key)))
        return true;
    }
  }
  return false;
}

/** The order that one loop keeps among its own. */
function goesFirst(pass: EstatePass, { key: own, wishes }: Candidate, other: IdKey): boolean {
  const isAnnounced = (key: IdKey) =>
    wishes.some(({ run }) => run.signal === 'failover' && idKey(announcedVm(run) ?? '') === key);
  if (isAnnounced(own) !== isAnnounced(other)) return isAnnounced(other);
  const primaryFor = (key: IdKey) => pass.evaluation.frontends.filter(({ primaryKey }) => primaryKey === key).length;
  return primaryFor(other) < primaryFor(own);
}

function mayChange({ survey, settings, seen }: EstatePass, key: IdKey): boolean {
  const vm = survey.vms.get(key);
  const isHeld = seen.elsewhere?.members.get(key)?.hold !== undefined;
  return vm?.power === 'running' && survey.plans.has(key) && !isHeld && !isAudited(vm.tags, settings.scope);
}

/** Sweeps of all subscriptions go side by side. */
function isAbout({ survey }: EstatePass, run: RunRow, key: IdKey): boolean {
  if (run.signal === 'sweep') return true;
  const ways = { all: survey.ways, ofVm: survey.waysOfVm, ofFrontend: survey.waysOfFrontend };
  return covered(run, ways, survey).some(({ vmKey }) => vmKey === key);
}

/** A sweep leaves alone what is right by a look under the same plan; every other run looks anew. */
function isDone({ seen, survey }: EstatePass, run: RunRow, key: IdKey): boolean {
  const row = seen.elsewhere?.members.get(key);
  if (!row) return false;
  if ((row.last?.endedAt ?? 0) >= run.observedAt) return true;
  const { look } = row;
  const isRight =
    look !== undefined &&
    look.report.errorCode === undefined &&
    look.report.paths.every(({ after }) => after.length === 0);
  return run.signal === 'sweep' && isRight && look.planHash === survey.plans.get(key)?.hash;
}
