/** Primaries that share a VM: there one instance calls the other through a VIP that leads back to its own VM. */

import { compareText } from '../model/address.ts';
import type { IdKey } from '../model/ids.ts';
import type { Evaluation, FrontendView } from '../model/path.ts';
import { push } from './lists.ts';

/** VMs that are primary for two or more frontends now, by VM key; the frontends in the order given. */
export function colocated(frontends: readonly FrontendView[]): Evaluation['colocated'] {
  const byPrimary = new Map<IdKey, FrontendView[]>();
  for (const frontend of frontends) {
    if (frontend.primaryKey !== undefined) push(byPrimary, frontend.primaryKey, frontend);
  }
  return [...byPrimary]
    .filter(([, shared]) => shared.length > 1)
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, shared]) => ({ vmId: shared[0]?.primaryId ?? key, frontendIds: shared.map(({ id }) => id) }));
}
