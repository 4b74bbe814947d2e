/** Whether a run must look into a guest, and when a sweep that must look into many does. Pure. */
import { idKey } from '../model/ids.ts';
import type { NamedPlan } from '../model/path.ts';
import type { OutcomeRow, VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import { seenLook } from './away.ts';
import { letWait } from './outcomes.ts';
import type { Pass } from './pass.ts';

/**
 * `now`: never looked, the VM was away since, the plan changed, the look is older than the set age, or it did not end with
 * everything right. `turn`: all was right, and no service in the guest keeps it so (Windows, Linux without systemd), so
 * that every sweep looks. `none`: what was seen is believed.
 */
export function lookNeed(
  vm: Readonly<VmRow> | undefined,
  named: NamedPlan,
  now: number,
  settings: Pick<LoopSettings, 'proofAgeMs'>,
): 'now' | 'turn' | 'none' {
  const look = vm && seenLook(vm);
  if (!look || vm.findings.length > 0) return 'now';
  const isOld = now - look.at > settings.proofAgeMs;
  if (look.planHash !== named.hash || isOld || look.report.errorCode !== undefined) return 'now';
  const left = new Set(named.plan.frontends.flatMap(({ vip, kept }) => (kept ? [vip] : [])));
  // `none`: a frontend without a port to prove, which no further look would prove either.
  const isWrong = look.report.paths.some(
    ({ vip, after, connectAfter: { outcome } }) =>
      !left.has(vip) && (after.length > 0 || !['ok', 'none'].includes(outcome)),
  );
  if (isWrong) return 'now';
  return look.report.heals ? 'none' : 'turn';
}

/** Parts that the turns of a sweep are cut into at the most, and how far apart those begin, milliseconds: 45 minutes in all. */
const MOST_PARTS = 10;
const PART_MS = 5 * 60_000;

/**
 * Gives the turns of a sweep their times: as many at once as there may be commands, or a tenth of them. Each VM keeps its
 * place from sweep to sweep, and all that is looked at together reads the estate once.
 */
export function spreadLooks({ now, settings }: Pass, turns: readonly OutcomeRow[]): void {
  const part = Math.max(settings.maxCommands, Math.ceil(turns.length / MOST_PARTS));
  const inOrder = turns.map((outcome) => ({ outcome, key: idKey(outcome.vmId) }));
  inOrder.sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const [index, { outcome }] of inOrder.entries()) {
    const number = Math.floor(index / part);
    if (number > 0) letWait(outcome, 'SWEEP_PART', now + number * PART_MS);
  }
}
