/**
 * Health of one load balancing rule: a POST that answers 202 with a Location, which is asked at a pace of our own. The
 * SDK's poller waits out the Retry-After that comes with it (pollingHelpers of core-lro): with 20 s of it there is no
 * answer within 20 s, and the next question would start from the beginning.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { NetworkManagementClient } from '@azure/arm-network';
import type { PipelineResponse } from '@azure/core-rest-pipeline';
import { AzureError, InputError } from '../errors.ts';
import { parseResourceId } from '../model/ids.ts';
import { defined } from '../model/optional.ts';
import type { HealthUnderWay, RuleHealthReader } from '../model/ports.ts';
import { RULE_TYPE } from '../model/resourceTypes.ts';
import { CALL_SECONDS } from '../model/settings.ts';
import type { BackendHealth } from '../model/topology.ts';
import { plainAddress } from './address.ts';
import type { AzureClients } from './clients.ts';
import { callAzure } from './errors.ts';
import { checkPlace, get, jsonOf } from './get.ts';
import { listIn, objectOf, textIn } from './guards.ts';
import { retryAfterSeconds } from './pipeline.ts';

const ACTION = 'Microsoft.Network/loadBalancers/loadBalancingRules/health/action';
const RESULT_ACTION = 'Microsoft.Network/locations/operationResults/read';

export interface RuleHealthOptions {
  /** How long the Location is asked in one call before it is handed back; default 5 s. */
  seconds?: number;
  /** Time between two questions; default 1 s. */
  pollMs?: number;
}

/** A reader of one rule’s health. Throws InputError for an id that is no rule’s, without a call. */
export function createRuleHealthReader(clients: AzureClients, options: RuleHealthOptions = {}): RuleHealthReader {
  const { seconds = 5, pollMs = 1000 } = options;
  return {
    async read(ruleId, location) {
      const rule = parseResourceId(ruleId);
      const [loadBalancer, name] = rule?.names ?? [];
      if (rule?.type !== RULE_TYPE || !loadBalancer || !name) {
        throw new InputError('INPUT_INVALID', 'ruleId', ruleId, 'expected the id of a load balancing rule');
      }
      const network = await clients.network(rule.subscriptionId);
      let found: Found =
        location === undefined
          ? await begin(network, rule.resourceGroup, loadBalancer, name)
          : await follow(clients, network, location);
      const until = performance.now() + seconds * 1000;
      while (!Array.isArray(found) && performance.now() + pollMs < until) {
        await delay(pollMs);
        found = await follow(clients, network, found.location);
      }
      return found;
    },
  };
}

type Found = BackendHealth[] | HealthUnderWay;

/** Makes the POST, and asks nothing further. */
async function begin(network: NetworkManagementClient, group: string, balancer: string, rule: string): Promise<Found> {
  return callAzure(ACTION, CALL_SECONDS, async (abortSignal) => {
    let answer: PipelineResponse | undefined;
    await network.loadBalancerLoadBalancingRules
      .health(group, balancer, rule, {
        abortSignal,
        onResponse: (response) => {
          answer = response as PipelineResponse;
        },
      })
      .submitted();
    if (!answer) throw new Error('the SDK showed no answer');
    return underWay(ACTION, answer) ?? backendsOf(ACTION, answer);
  });
}

/** One question to a Location. It is asked with a token, so it must be at this cloud’s Resource Manager. */
async function follow(clients: AzureClients, network: NetworkManagementClient, location: string): Promise<Found> {
  checkPlace(clients.endpoint, location, RESULT_ACTION);
  return callAzure(RESULT_ACTION, CALL_SECONDS, async (abortSignal) => {
    const answer = await get(network, location, abortSignal);
    return underWay(RESULT_ACTION, answer, location) ?? backendsOf(RESULT_ACTION, answer);
  });
}

/** What a 202 leads to; undefined for any other answer. A later 202 may leave out the Location. */
function underWay(action: string, { status, headers }: PipelineResponse, known?: string): HealthUnderWay | undefined {
  if (status !== 202) return undefined;
  const location = headers.get('location') ?? known;
  if (!location) {
    const message = 'Azure answered 202 without a Location, so there is nothing to ask';
    throw new AzureError({ status, azureCode: 'LocationMissing', action, message });
  }
  return { location, ...defined({ retryAfterSeconds: retryAfterSeconds(headers.get('retry-after')) }) };
}

/** An answer without a body says nothing of anybody: it is no list of nobody, and Azure was reached. */
function backendsOf(action: string, answer: PipelineResponse): BackendHealth[] {
  const body = objectOf(jsonOf(answer));
  if (body) return mapRuleHealth(body);
  const message = `Azure answered ${answer.status} with an empty body where the health of a rule belongs`;
  throw new AzureError({ status: answer.status, azureCode: 'BodyMissing', action, message });
}

/**
 * The backends of a rule's health, as the REST API writes them. One without address is left out, since nothing can be
 * told by it; a VM that is off shows empty values, which count as down.
 */
export function mapRuleHealth(health: unknown): BackendHealth[] {
  return listIn(objectOf(health), 'loadBalancerBackendAddresses').flatMap((item) => {
    const backend = objectOf(item);
    const address = plainAddress(textIn(backend, 'ipAddress'));
    if (!address) return [];
    return [
      {
        address,
        ...defined({ ipConfigurationId: textIn(backend, 'networkInterfaceIPConfigurationId') || undefined }),
        up: textIn(backend, 'state')?.toLowerCase() === 'up',
        reason: textIn(backend, 'reason') ?? '',
      },
    ];
  });
}
