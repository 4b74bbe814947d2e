/** What a run covers: its paths, its VMs, the frontends that its answer needs health of. Pure. */
import type { Survey } from '../evaluate/survey.ts';
import { type IdKey, idKey, isKeyWithin, sameId } from '../model/ids.ts';
import type { Path } from '../model/path.ts';
import type { RunRow } from '../model/rows.ts';
import type { ScopeItem, Signal } from '../model/signal.ts';

/** A member towards a frontend, as a way or as a path. */
type Place = Pick<Path, 'vmKey' | 'frontendKey' | 'vip'>;

/** Ways or paths, all of them and by key. */
export interface Places<T extends Place> {
  all: readonly T[];
  ofVm: ReadonlyMap<IdKey, readonly T[]>;
  ofFrontend: ReadonlyMap<IdKey, readonly T[]>;
}

/** What a run is about. A failover's are all members of the frontends of its VM, narrowed to a VIP where given. */
export function covered<T extends Place>(run: Signal, places: Places<T>, survey: Survey): T[] {
  if (run.signal === 'failover') {
    return announcedFrontends(run, survey).flatMap((key) => places.ofFrontend.get(key) ?? []);
  }
  const found = new Set<T>();
  for (const item of run.scope) for (const place of coveredBy(item, places, survey)) found.add(place);
  return [...found];
}

function coveredBy<T extends Place>({ kind, id }: ScopeItem, places: Places<T>, survey: Survey): readonly T[] {
  const key = idKey(id);
  switch (kind) {
    case 'vm':
      return places.ofVm.get(key) ?? [];
    case 'nic': {
      const vm = survey.vmOfNic(key);
      return (vm !== undefined && places.ofVm.get(vm)) || [];
    }
    case 'frontend':
      return places.ofFrontend.get(key) ?? [];
    case 'loadBalancer':
      return survey.frontends
        .filter(({ frontend }) => isKeyWithin(frontend.key, key))
        .flatMap(({ frontend }) => places.ofFrontend.get(frontend.key) ?? []);
    case 'subscription':
    case 'resourceGroup':
      return places.all.filter((place) => isKeyWithin(place.vmKey, key));
    case 'vip':
      return places.all.filter((place) => place.vip === id);
  }
}

/** The frontends that a failover event is about: those of its VM, or the one with its VIP. */
export function announcedFrontends(run: Signal, survey: Survey): IdKey[] {
  const vmId = announcedVm(run);
  const vips = run.scope.filter((item) => item.kind === 'vip').map((item) => item.id);
  if (vmId === undefined) return [];
  return (survey.waysOfVm.get(idKey(vmId)) ?? [])
    .filter((way) => vips.length === 0 || vips.includes(way.vip))
    .map((way) => way.frontendKey);
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

/** The frontends of every VM of the loop's own that the runs cover: a VM's command goes through all of its frontends. */
export function frontendsOfRuns(runs: readonly RunRow[], survey: Survey): Set<IdKey> {
  const ways = { all: survey.ways, ofVm: survey.waysOfVm, ofFrontend: survey.waysOfFrontend };
  const keys = runs.flatMap((run) => covered(run, ways, survey).map((way) => way.vmKey));
  const vms = new Set(keys.filter(survey.isOwn));
  const frontends = new Set<IdKey>();
  for (const vm of vms) for (const way of survey.waysOfVm.get(vm) ?? []) frontends.add(way.frontendKey);
  return frontends;
}
