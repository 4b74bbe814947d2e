/** Lists of several subscriptions as one estate: a load balancer and its members may lie in different ones. */
import type { Topology, UnreadSubscription } from '../model/topology.ts';

/** The estate of one subscription's loop: its own lists first, then those of the others. Notes are its own alone. */
export function joinTopologies(
  own: Topology,
  others: readonly Topology[],
  unread: readonly UnreadSubscription[],
): Topology {
  if (others.length === 0 && unread.length === 0) return own;
  const all = [own, ...others];
  return {
    ...own,
    vms: all.flatMap(({ vms }) => vms),
    nics: all.flatMap(({ nics }) => nics),
    loadBalancers: all.flatMap(({ loadBalancers }) => loadBalancers),
    unread,
  };
}
