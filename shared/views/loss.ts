/** The forecast of one VM's loss, in names. Pure. */
import { type Forecast, forecast } from '../evaluate/forecast.ts';
import { type IdKey, idKey, shortName } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';

/** What would be after a move, in names. */
export interface OutlookView {
  /** VMs that would be primary for several frontends. */
  sharing: { vm: string; frontends: string[] }[];
  /** Paths that would have to carry connections and are not compliant. */
  failing: { vm: string; frontend: string; vip: string }[];
}

/** What the loss of a VM brings, in names. */
export interface Loss extends OutlookView {
  vm: string;
  moves: { frontend: string; vip: string; to: string[] }[];
}

/** What the loss of a VM brings. */
export function lossOf(evaluation: Evaluation, lost: IdKey, { ifLost }: Forecast = forecast(evaluation)): Loss {
  const known = evaluation.pathsOfVm.get(lost)?.[0]?.vmId ?? lost;
  const entry = ifLost.find(({ vmId }) => idKey(vmId) === lost) ?? { vmId: known, moves: [], sharing: [], failing: [] };
  return lossView(evaluation, entry);
}

/** One entry of the forecast, in names. */
export function lossView(evaluation: Evaluation, entry: Forecast['ifLost'][number]): Loss {
  return {
    vm: shortName(entry.vmId),
    moves: entry.moves.map(({ frontendId, candidates }) => ({
      frontend: shortName(frontendId),
      vip: vipOf(evaluation, frontendId),
      to: candidates.map(shortName),
    })),
    ...outlookView(evaluation, entry),
  };
}

/** What would be after a move, in names. */
export const outlookView = (
  evaluation: Evaluation,
  { sharing, failing }: Pick<Forecast['ifLost'][number], 'sharing' | 'failing'>,
): OutlookView => ({
  sharing: sharing.map(({ vmId, frontendIds }) => ({ vm: shortName(vmId), frontends: frontendIds.map(shortName) })),
  failing: failing.map(({ vmId, frontendId }) => ({
    vm: shortName(vmId),
    frontend: shortName(frontendId),
    vip: vipOf(evaluation, frontendId),
  })),
});

/** The VIP of a frontend that is in the evaluation. */
export const vipOf = ({ frontendByKey }: Evaluation, frontendId: string): string =>
  frontendByKey.get(idKey(frontendId))?.vip ?? '';
