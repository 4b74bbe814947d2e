/** Health of one load balancing rule. */
import type { LoadBalancerHealthPerRule } from '@azure/arm-network';
import { AzureError, InputError } from '../errors.ts';
import { parseResourceId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { RuleHealthReader } from '../model/ports.ts';
import { RULE_TYPE } from '../model/resourceTypes.ts';
import type { BackendHealth } from '../model/topology.ts';
import { plainAddress } from './address.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';

const ACTION = 'Microsoft.Network/loadBalancers/loadBalancingRules/health/action';

export interface RuleHealthOptions {
  /** How long the whole operation may take; default 20 s. */
  seconds?: number;
  /** Time between polls; default 1 s. */
  pollMs?: number;
}

/** A reader of one rule’s health. Throws InputError for an id that is no rule’s, without a call. */
export function createRuleHealthReader(clients: AzureClients, options: RuleHealthOptions = {}): RuleHealthReader {
  const { seconds = 20, pollMs = 1000 } = options;
  return {
    async read(ruleId) {
      const rule = parseResourceId(ruleId);
      const [loadBalancer, name] = rule?.names ?? [];
      if (rule?.type !== RULE_TYPE || !loadBalancer || !name) {
        throw new InputError('INPUT_INVALID', 'ruleId', ruleId, 'expected the id of a load balancing rule');
      }
      const network = await clients.network(rule.subscriptionId);
      try {
        return await callAzure(ACTION, seconds, async (abortSignal) => {
          const poller = network.loadBalancerLoadBalancingRules.health(rule.resourceGroup, loadBalancer, name, {
            updateIntervalInMs: pollMs,
            abortSignal,
          });
          return mapRuleHealth(await poller.pollUntilDone({ abortSignal }));
        });
      } catch (error) {
        if (error instanceof AzureError && error.azureCode === 'Timeout') return undefined;
        throw error;
      }
    },
  };
}

/** The backends of a rule's health; one without address is left out, since nothing can be told by it. */
export function mapRuleHealth(health: LoadBalancerHealthPerRule): BackendHealth[] {
  return (health.loadBalancerBackendAddresses ?? []).flatMap((backend) => {
    const address = plainAddress(backend.ipAddress);
    if (!address) return [];
    return [
      {
        address,
        ...defined({ ipConfigurationId: backend.networkInterfaceIPConfigurationId || undefined }),
        up: backend.state?.toLowerCase() === 'up',
        reason: backend.reason ?? '',
      },
    ];
  });
}
