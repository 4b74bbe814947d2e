/** A frontend with two rules, each on a pool of its own. */
import { articleWorld, type World } from './world.ts';

/** The article’s world in which UCR has a second rule with a pool of second addresses. */
export function withWeb(): World {
  const world = articleWorld();
  const make = world.topology.bind(world);
  world.topology = () => {
    const topology = make();
    const [lb] = topology.loadBalancers;
    const [rule] = lb?.rules ?? [];
    if (!lb || !rule) throw new Error('the article has a rule');
    const ids = topology.nics
      .filter(({ primary }) => primary)
      .map(({ id, ipConfigurations: [first, ...more], ...nic }) => {
        const second = { id: `${id}/ipConfigurations/second`, address: `${first?.address}2`, primary: false };
        Object.assign(topology.nics.find((one) => one.id === id) ?? nic, {
          ipConfigurations: [first, ...more, { ...first, ...second, poolIds: [] }],
        });
        return second.id;
      });
    lb.pools.push({ id: `${lb.id}/backendAddressPools/web`, ipConfigurationIds: ids, addresses: [] });
    lb.rules.push({
      ...rule,
      id: `${lb.id}/loadBalancingRules/web`,
      poolIds: [`${lb.id}/backendAddressPools/web`],
      frontendPort: 57772,
      backendPort: 57772,
    });
    return topology;
  };
  return world;
}
