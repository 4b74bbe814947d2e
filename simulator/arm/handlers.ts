/** What each call of actions.ts answers. Long: it is one table of routes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EstateVm } from '../estate/estate.ts';
import { loadBalancerId, routeTableId, securityGroupId, virtualNetworkId, vmId } from '../estate/ids.ts';
import type { CallName } from './actions.ts';
import { type Changes, POWER_ACTIONS } from './changes.ts';
import { disallowedByPolicy, scopeLocked } from './errors.ts';
import { type Happening, type ResourceEvent, resourceEvent } from './events.ts';
import type { Faults, Target } from './faults.ts';
import { startRuleHealth } from './health.ts';
import { page } from './lists.ts';
import type { Answer, Operations } from './operations.ts';
import type { RunCommands } from './runCommands.ts';
import { loadBalancerResource } from './shapes/loadBalancer.ts';
import { networkResource, routeTableResource, securityGroupResource } from './shapes/network.ts';
import { nicResource } from './shapes/nic.ts';
import { type LockLevel, lockResource, skus } from './shapes/rest.ts';
import { instanceView, vmResource, vmStatus } from './shapes/vm.ts';
import type { Throttle } from './throttle.ts';
import type { Principal } from './tokens.ts';
import { isIn, type World } from './world.ts';

/** The first of some scopes that a resource is in. */
const scopeOf = (id: string, scopes: Iterable<string>): string | undefined =>
  [...scopes].find((scope) => `${id.toLowerCase()}/`.startsWith(`${scope}/`));

/** One call, taken apart. */
export interface Request {
  call: CallName;
  action: string;
  method: string;
  url: URL;
  params: Record<string, string>;
  body: unknown;
  principal: Principal;
  target: Target;
}

/** What the handlers work on. */
export interface Parts {
  world: World;
  commands: RunCommands;
  operations: Operations;
  faults: Faults;
  changes: Changes;
  throttle: Throttle | undefined;
  /** Locked scopes, lower case, with their level. */
  locks: Map<string, LockLevel>;
  /** Scopes, lower case, in which a policy denies managed Run Commands. */
  denied: Set<string>;
  emit: (event: ResourceEvent) => void;
  /** True when the principal has the right at the scope (a resource id). */
  authorize: (principal: Principal, action: string, scope: string) => boolean;
  pageSize: number;
  healthMs: number;
  healthRetryAfter: number;
  powerMs: number;
}

type Handler = (parts: Parts, request: Request) => Answer;

const param = (request: Request, name: string): string => request.params[name] ?? '';
const apiVersion = (request: Request): string => request.url.searchParams.get('api-version') ?? '';
const expands = (request: Request): boolean =>
  request.url.searchParams.get('$expand')?.toLowerCase() === 'instanceview';

const vmOf = ({ world }: Parts, request: Request) =>
  world.vm(param(request, 'subscription'), param(request, 'group'), param(request, 'vm'));

/** Lists the things of all estates of the subscription. */
const listOf =
  <T>(
    items: (site: World['sites'][number]) => T[],
    idOf: (site: World['sites'][number], item: T) => string,
    shape: (parts: Parts, site: World['sites'][number], item: T, request: Request) => unknown,
  ): Handler =>
  (parts, request) => {
    const all = parts.world
      .sitesOf(param(request, 'subscription'))
      .flatMap((site) => items(site).map((item) => ({ site, item })))
      .filter(({ site, item }) => isIn(idOf(site, item), param(request, 'subscription')));
    return page(all, ({ site, item }) => shape(parts, site, item, request), {
      url: request.url,
      pageSize: parts.pageSize,
      fault: parts.faults.take('paging', request.target)?.paging,
    });
  };

/** Emits the event of a call once its operation ended. */
function happened(parts: Parts, request: Request, resourceId: string, operationName = request.action) {
  return (failed: boolean): void => {
    const what: Happening = {
      operationName,
      resourceId,
      subscriptionId: param(request, 'subscription'),
      principal: request.principal,
      failed,
      method: request.method,
      url: request.url.href,
    };
    parts.emit(resourceEvent(what));
  };
}

/** What starts a VM anew, under its name in ARM. */
type Restart = 'restart' | 'performMaintenance' | 'reapply';

/** A change of power by POST: 202, and the event once it is done. A VM that reapplies its model goes on running. */
const powerCall =
  (power: EstateVm['power'], restart?: Restart): Handler =>
  (parts, request) => {
    const { site, vm, id } = vmOf(parts, request);
    const operation = parts.operations.start('Microsoft.Compute', param(request, 'subscription'), site.estate.location);
    const action = restart ?? POWER_ACTIONS[power];
    const done = happened(parts, request, id, `Microsoft.Compute/virtualMachines/${action}/action`);
    const work = async (): Promise<void> => {
      await delay(parts.powerMs, undefined, { ref: false });
      try {
        if (restart === 'restart' || restart === 'performMaintenance')
          await parts.changes.applyPower(site, vm, 'stopped');
        if (restart !== 'reapply') await parts.changes.applyPower(site, vm, power);
        parts.operations.succeed(operation);
        done(false);
      } catch (error) {
        parts.operations.fail(
          operation,
          'InternalExecutionError',
          `An internal execution error occurred: ${String(error)}`,
        );
        done(true);
      }
    };
    void work();
    return { status: 202, headers: parts.operations.headers(operation, apiVersion(request)) };
  };

const operationState: Handler = (parts, request) =>
  request.url.searchParams.get('monitor') === 'true'
    ? parts.operations.result(param(request, 'operation'), apiVersion(request))
    : parts.operations.state(param(request, 'operation'));

/** Azure shows a subscription to whoever has any role in it; here to whoever may read it or its VMs. */
const SHOWN_TO = ['Microsoft.Resources/subscriptions/read', 'Microsoft.Compute/virtualMachines/read'];
const listSubscriptions: Handler = (parts, request) => {
  const ids = new Set(parts.world.sites.map(({ estate }) => estate.subscriptionId.toLowerCase()));
  const seen = [...ids].filter((id) =>
    SHOWN_TO.some((action) => parts.authorize(request.principal, action, `/subscriptions/${id}`)),
  );
  return page(
    seen,
    (id) => ({
      id: `/subscriptions/${id}`,
      subscriptionId: id,
      displayName: `Subscription ${id.slice(-4)}`,
      state: 'Enabled',
    }),
    { url: request.url, pageSize: parts.pageSize, fault: parts.faults.take('paging', request.target)?.paging },
  );
};

export const HANDLERS: Record<CallName, Handler> = {
  listSubscriptions,
  listVms: listOf(
    (site) => site.estate.vms,
    (site, vm) => vmId(site.estate, vm.name),
    (_, site, vm, request) =>
      request.url.searchParams.get('statusOnly') === 'true'
        ? vmStatus(site.estate, vm)
        : vmResource(site.estate, vm, false),
  ),
  getVm: (parts, request) => {
    const { site, vm } = vmOf(parts, request);
    return { status: 200, body: vmResource(site.estate, vm, expands(request)) };
  },
  instanceView: (parts, request) => ({ status: 200, body: instanceView(vmOf(parts, request).vm) }),
  startVm: powerCall('running'),
  powerOffVm: powerCall('stopped'),
  deallocateVm: powerCall('deallocated'),
  restartVm: powerCall('running', 'restart'),
  performMaintenance: powerCall('running', 'performMaintenance'),
  reapplyVm: powerCall('running', 'reapply'),

  listRunCommands: (parts, request) => parts.commands.list(vmOf(parts, request), expands(request)),
  getRunCommand: (parts, request) =>
    parts.commands.get(vmOf(parts, request), param(request, 'command'), expands(request)),
  putRunCommand: (parts, request) => {
    const at = vmOf(parts, request);
    const name = param(request, 'command');
    const id = `${at.id}/runCommands/${name}`;
    const denied = scopeOf(id, parts.denied);
    if (denied) throw disallowedByPolicy(name, denied);
    const lock = scopeOf(id, parts.locks.keys());
    if (lock && parts.locks.get(lock) === 'ReadOnly') throw scopeLocked(id, lock, 'write');
    parts.throttle?.countRunCommand(at.id);
    const done = happened(parts, request, id);
    return parts.commands.put(at, name, request.body, apiVersion(request), done);
  },
  deleteRunCommand: (parts, request) => {
    const at = vmOf(parts, request);
    const id = `${at.id}/runCommands/${param(request, 'command')}`;
    const lock = scopeOf(id, parts.locks.keys());
    if (lock) throw scopeLocked(id, lock, 'delete');
    return parts.commands.delete(at, param(request, 'command'), apiVersion(request), happened(parts, request, id));
  },
  computeOperation: operationState,

  listNics: listOf(
    (site) => site.estate.vms.flatMap((vm) => vm.nics.map((nic) => ({ vm, nic }))),
    (site, { vm }) => vmId(site.estate, vm.name),
    (parts, site, { vm, nic }) => nicResource(parts.world, site, vm, nic),
  ),
  getNic: (parts, request) => {
    const { site, vm, nic } = parts.world.nic(
      param(request, 'subscription'),
      param(request, 'group'),
      param(request, 'nic'),
    );
    return { status: 200, body: nicResource(parts.world, site, vm, nic) };
  },
  listLoadBalancers: listOf(
    (site) => site.estate.loadBalancers,
    (site, lb) => loadBalancerId(site.estate, lb.name),
    (_, site, lb) => loadBalancerResource(site.estate, lb),
  ),
  getLoadBalancer: (parts, request) => {
    const { site, loadBalancer } = parts.world.loadBalancer(
      param(request, 'subscription'),
      param(request, 'group'),
      param(request, 'lb'),
    );
    return { status: 200, body: loadBalancerResource(site.estate, loadBalancer) };
  },
  ruleHealth: (parts, request) => {
    const rule = param(request, 'rule');
    const at = parts.world.loadBalancer(param(request, 'subscription'), param(request, 'group'), param(request, 'lb'));
    // A POST, which a read-only lock keeps out ("Lock your resources": the backend health of an application gateway).
    const readOnly = [...parts.locks].flatMap(([scope, level]) => (level === 'ReadOnly' ? [scope] : []));
    const lock = scopeOf(at.id, readOnly);
    if (lock) throw scopeLocked(`${at.id}/loadBalancingRules/${rule}`, lock, 'write');
    const fault = parts.faults.take('health', request.target)?.health;
    const options = {
      healthMs: parts.healthMs,
      retryAfterSeconds: parts.healthRetryAfter,
      neverFinishes: fault === 'never-finishes',
      upAdmin: fault === 'up-admin',
      noBody: fault === 'no-body',
    };
    const done = happened(parts, request, `${at.id}/loadBalancingRules/${rule}`);
    return startRuleHealth({ ...at, rule }, parts.operations, options, apiVersion(request), done);
  },
  listNetworks: listOf(
    (site) => [site.estate],
    (_, estate) => virtualNetworkId(estate),
    (_, __, estate) => networkResource(estate),
  ),
  listSecurityGroups: listOf(
    (site) => site.estate.securityGroups ?? [],
    (site, group) => securityGroupId(site.estate, group.name),
    (_, site, group) => securityGroupResource(site.estate, group),
  ),
  listRouteTables: listOf(
    (site) => site.estate.routeTables ?? [],
    (site, table) => routeTableId(site.estate, table.name),
    (_, site, table) => routeTableResource(site.estate, table),
  ),
  listLocks: (parts, request) => {
    const own = [...parts.locks].filter(([scope]) => isIn(scope, param(request, 'subscription')));
    return page(own, ([scope, level]) => lockResource(scope, level), {
      url: request.url,
      pageSize: parts.pageSize,
    });
  },
  listSkus: (_, request) => {
    const [, location = 'westeurope'] =
      /^location eq '(\w+)'$/.exec(request.url.searchParams.get('$filter') ?? '') ?? [];
    return { status: 200, body: { value: skus(location) } };
  },
  networkOperationResult: (parts, request) => parts.operations.result(param(request, 'operation'), apiVersion(request)),
};
