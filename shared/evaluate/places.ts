/** Where a path's packets leave and arrive: ip configurations, with what security rules and routes ask of them. */
import { type IdKey, idKey } from '../model/ids.ts';
import type { UserRoute } from '../model/surroundings.ts';
import type { Around } from './around.ts';
import type { NicIp, TopologyIndex } from './indexTopology.ts';
import type { End } from './securityRules.ts';
import { routeTaken } from './userRoutes.ts';
import type { Way } from './way.ts';

/** The ip configuration that carries a way's via address. */
export function viaOf({ vmKey, via }: Way, index: TopologyIndex): NicIp | undefined {
  if (!via) return undefined;
  for (const on of index.nicsOf(vmKey)) {
    const isIt = on.nic.mac?.toLowerCase() === via.mac;
    const ip = isIt ? on.nic.ipConfigurations.find(({ address }) => address === via.ip) : undefined;
    if (ip) return { ip, on };
  }
  return undefined;
}

/** An ip configuration as an end of a connection. */
export const endOf = ({ ip }: NicIp, address: string): End & { groups: ReadonlySet<IdKey> } => ({
  address,
  groups: new Set((ip.applicationGroupIds ?? []).map(idKey)),
});

/** A user's route that leads a packet from there elsewhere than within the network: to its end, or through another machine. */
export function bentRoute(place: NicIp, to: string, known: Around): { route: UserRoute; ends: boolean } | undefined {
  const at = known.routesOf(place);
  const route = at && routeTaken(at.table, at.prefixes, to);
  if (!route || route.hop === 'vnetlocal') return undefined;
  return { route, ends: route.hop !== 'virtualappliance' && route.hop !== 'unknown' };
}
