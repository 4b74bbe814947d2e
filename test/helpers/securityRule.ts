/** Rules of network security groups. */
import type { SecurityRule } from '../../shared/model/surroundings.ts';

export type RuleSpec = Partial<SecurityRule> & { id: string };

/** A rule that ends everything inbound, but for what is said of it. */
export const securityRule = (spec: RuleSpec): SecurityRule => ({
  priority: 100,
  direction: 'inbound',
  access: 'deny',
  protocol: '*',
  sources: ['*'],
  sourcePorts: ['*'],
  destinations: ['*'],
  destinationPorts: ['*'],
  sourceGroups: [],
  destinationGroups: [],
  ...spec,
});
