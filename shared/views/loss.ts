/** The forecast of one VM's loss, in names. Pure. */
import { forecast } from '../evaluate/forecast.ts';
import { type IdKey, idKey, shortName } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';

/** What the loss of a VM brings, in names. */
export interface Loss {
  vm: string;
  moves: { frontend: string; vip: string; to: string[] }[];
  sharing: { vm: string; frontends: string[] }[];
  failing: { vm: string; frontend: string; vip: string }[];
}

/** What the loss of a VM brings. */
export function lossOf(evaluation: Evaluation, lost: IdKey): Loss {
  const { ifLost } = forecast(evaluation);
  const entry = ifLost.find(({ vmId }) => idKey(vmId) === lost);
  const view = (id: string) => evaluation.frontendByKey.get(idKey(id));
  const known = evaluation.pathsOfVm.get(lost)?.[0]?.vmId ?? lost;
  return {
    vm: shortName(known),
    moves: (entry?.moves ?? []).map(({ frontendId, candidates }) => ({
      frontend: shortName(frontendId),
      vip: view(frontendId)?.vip ?? '',
      to: candidates.map(shortName),
    })),
    sharing: (entry?.sharing ?? []).map(({ vmId, frontendIds }) => ({
      vm: shortName(vmId),
      frontends: frontendIds.map(shortName),
    })),
    failing: (entry?.failing ?? []).map(({ vmId, frontendId }) => ({
      vm: shortName(vmId),
      frontend: shortName(frontendId),
      vip: view(frontendId)?.vip ?? '',
    })),
  };
}
