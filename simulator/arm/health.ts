/**
 * Health of a load balancing rule: 202, an operation, and the backends as the lab's probes see them.
 * Source: sample lb_rule_health.json (spec example LoadBalancerHealth.json), with `/IpConfigurations/` in capitals as
 * there, and "Manage the health of Azure Load Balancer backend instances" for the reasons and for the empty values of a
 * VM that is off. Of the sample's two headers Azure sends the Location alone (the SDK's `resourceLocationConfig:
 * "location"` says so), with a Retry-After of some ten seconds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { subscriptionOf } from '../../shared/model/scope.ts';
import type { EstateLoadBalancer } from '../estate/estate.ts';
import { ipConfigurationId, loadBalancerId, memberParts } from '../estate/ids.ts';
import { ArmError, notFound } from './errors.ts';
import type { Answer, Operations } from './operations.ts';
import type { Site } from './world.ts';

export interface HealthOptions {
  /** How long the operation takes; some seconds in Azure. */
  healthMs: number;
  /** The operation never ends. */
  neverFinishes: boolean;
  /** What the Retry-After says, with the 202 and with each answer that it is not ready yet; seconds. */
  retryAfterSeconds: number;
  /** All backends are up by an administrator's word, which is no evidence. */
  upAdmin: boolean;
  /** The answer, once it is there, has no body. */
  noBody: boolean;
}

/** Starts the operation; `done` is called once it ended. */
export function startRuleHealth(
  at: { site: Site; loadBalancer: EstateLoadBalancer; rule: string },
  operations: Operations,
  options: HealthOptions,
  apiVersion: string,
  done: (failed: boolean) => void,
): Answer {
  const { estate, lab } = at.site;
  const rule = at.loadBalancer.rules.find((candidate) => candidate.name.toLowerCase() === at.rule.toLowerCase());
  if (!rule) throw notFound('Microsoft.Network/loadBalancers/loadBalancingRules', at.rule, estate.resourceGroup);
  if (rule.probe === undefined) {
    // That there is none is documented; how Azure words it is not, so the code is this simulator's.
    throw new ArmError(400, 'RuleHasNoProbe', `The load balancing rule '${rule.name}' has no health probe.`);
  }
  const operation = operations.start(
    'Microsoft.Network',
    subscriptionOf(loadBalancerId(estate, at.loadBalancer.name)),
    estate.location,
  );
  operation.retryAfterSeconds = options.retryAfterSeconds;

  const finish = async (): Promise<void> => {
    await delay(options.healthMs, undefined, { ref: false });
    if (options.neverFinishes) return;
    try {
      const backends = await lab.health(at.loadBalancer.name, rule.name);
      const shown = backends.map((backend) => ({
        ipAddress: backend.address,
        networkInterfaceIPConfigurationId: backend.member ? memberId(at.site, backend.member) : '',
        ...(isOff(at.site, backend.member)
          ? { state: '', reason: '' }
          : {
              state: backend.up || options.upAdmin ? 'Up' : 'Down',
              reason: options.upAdmin ? 'Up_Admin' : backend.reason,
            }),
      }));
      const up = shown.filter((backend) => backend.state === 'Up').length;
      const down = shown.filter((backend) => backend.state === 'Down').length;
      operations.succeed(operation, options.noBody ? undefined : { up, down, loadBalancerBackendAddresses: shown });
      done(false);
    } catch (error) {
      operations.fail(operation, 'InternalServerError', `An error occurred: ${String(error)}`);
      done(true);
    }
  };
  void finish();
  return { status: 202, headers: operations.headers(operation, apiVersion) };
}

/** True for a member whose VM does not run. */
const isOff = ({ estate }: Site, member: string | undefined): boolean =>
  member !== undefined &&
  estate.vms.some((vm) => vm.power !== 'running' && vm.nics.some((nic) => nic.name === memberParts(member).nic));

function memberId(site: Site, member: string): string {
  const { nic, ip } = memberParts(member);
  return ipConfigurationId(site.estate, nic, ip).replace('/ipConfigurations/', '/IpConfigurations/');
}
