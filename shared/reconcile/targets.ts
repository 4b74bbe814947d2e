/** Who is looked at in the guest: which VMs a run covers, and which of them need a command. Pure. */
import { type IdKey, idKey, isWithin, sameId } from '../model/ids.ts';
import type { Evaluation, Path } from '../model/path.ts';
import type { VmRow } from '../model/rows.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { ScopeItem, Signal } from '../model/signal.ts';
import type { Topology } from '../model/topology.ts';

/** The paths that a run is about. A failover's are all members of the frontends of its VM, narrowed to a VIP where given. */
export function pathsInScope(run: Signal, evaluation: Evaluation, topology: Topology): Path[] {
  if (run.signal === 'failover') {
    const announced = new Set(announcedFrontends(run, evaluation).map(idKey));
    return evaluation.paths.filter((path) => announced.has(idKey(path.frontendId)));
  }
  return evaluation.paths.filter((path) => run.scope.some((item) => covers(item, path, topology)));
}

/** The frontends that a failover event is about: those of its VM, or the one with its VIP. */
export function announcedFrontends(run: Signal, evaluation: Evaluation): string[] {
  const vmId = announcedVm(run);
  const vips = run.scope.filter((item) => item.kind === 'vip').map((item) => item.id);
  if (vmId === undefined) return [];
  return evaluation.paths
    .filter((path) => sameId(path.vmId, vmId) && (vips.length === 0 || vips.includes(path.vip)))
    .map((path) => path.frontendId);
}

/** The VM that a failover event names. */
export const announcedVm = (run: Signal): string | undefined => run.scope.find((item) => item.kind === 'vm')?.id;

/** True when a manual run names this very VM. */
const namesVm = (run: Signal, vmId: string): boolean =>
  run.scope.some((item) => item.kind === 'vm' && sameId(item.id, vmId));

/**
 * True for what takes back a removal: a manual apply that names the VM. Not for a retry, whose scope no person wrote.
 */
export const liftsHold = (run: Signal, vmId: string): boolean =>
  run.signal === 'manual' && run.mode === 'apply' && run.retryOf === undefined && namesVm(run, vmId);

function covers(item: ScopeItem, path: Path, topology: Topology): boolean {
  switch (item.kind) {
    case 'subscription':
    case 'resourceGroup':
    case 'vm':
      return isWithin(path.vmId, item.id);
    case 'nic':
      return topology.nics.some(
        (nic) => sameId(nic.id, item.id) && nic.vmId !== undefined && sameId(nic.vmId, path.vmId),
      );
    case 'loadBalancer':
    case 'frontend':
      return isWithin(path.frontendId, item.id);
    case 'vip':
      return path.vip === item.id;
  }
}

/** Paths by VM key, in the order of the evaluation. */
export function byVm(paths: readonly Path[]): Map<IdKey, Path[]> {
  return Map.groupBy(paths, (path) => idKey(path.vmId));
}

/**
 * True when a sweep must look into the guest: never looked, the plan changed, the look is older than the set age,
 * or it did not end with everything right.
 */
export function lookDue(vm: VmRow | undefined, planHash: string, now: number, settings: LoopSettings): boolean {
  if (!vm?.look || vm.findings.length > 0) return true;
  const { look } = vm;
  if (look.planHash !== planHash || now - look.at > settings.proofAgeMs || look.report.errorCode !== undefined)
    return true;
  // `none`: a frontend without a port to prove, which no further look would prove either.
  return look.report.paths.some((path) => path.after.length > 0 || !['ok', 'none'].includes(path.connectAfter.outcome));
}
