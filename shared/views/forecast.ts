/** What a failover or the loss of a VM would bring, in names. Pure. */
import { forecast } from '../evaluate/forecast.ts';
import { idKey, shortName } from '../model/ids.ts';
import { type EstateHead, estateHead, type KnownView } from './estateHead.ts';
import { type Loss, lossOf, lossView, type OutlookView, outlookView, vipOf } from './loss.ts';
import { memberNamed } from './names.ts';

/** A failover of one frontend to one other member. */
export interface FailoverView extends OutlookView {
  frontend: string;
  vip: string;
  to: string;
}

export interface ForecastView extends EstateHead {
  /** VMs that are primary for several frontends now, with the paths that fail while they are. */
  now: { vm: string; frontends: string[]; failing: OutlookView['failing'] }[];
  /** For each VM that is primary for something. */
  ifLost: Loss[];
  /** For each frontend with a primary, and each other member that runs. */
  ifFailover: FailoverView[];
  /** True when a list was cut; what is left is where most would fail. */
  cut: boolean;
}

/**
 * The document; of one VM, by name or id, what its loss brings, and what a failover to it does. Throws InputError for a
 * VM that is no member of any frontend.
 */
export function forecastView(known: KnownView, vm?: string): ForecastView {
  const { evaluation } = known;
  const key = vm === undefined ? undefined : memberNamed('vm', vm, evaluation);
  const all = forecast(evaluation);
  const isWanted = ({ vmId }: { vmId: string }): boolean => key === undefined || idKey(vmId) === key;
  return {
    ...estateHead(known),
    now: all.now.filter(isWanted).map(({ vmId, frontendIds, failing }) => ({
      vm: shortName(vmId),
      frontends: frontendIds.map(shortName),
      failing: outlookView(evaluation, { sharing: [], failing }).failing,
    })),
    ifLost: key === undefined ? all.ifLost.map((entry) => lossView(evaluation, entry)) : [lossOf(evaluation, key, all)],
    ifFailover: all.ifFailover
      .filter(({ toVmId }) => isWanted({ vmId: toVmId }))
      .map(({ frontendId, toVmId, ...outlook }) => ({
        frontend: shortName(frontendId),
        vip: vipOf(evaluation, frontendId),
        to: shortName(toVmId),
        ...outlookView(evaluation, outlook),
      })),
    cut: all.cut,
  };
}
