/** The app's rights as the template deploys them: the read role on each subscription, the repair role where it is given. */
import { deployedRole } from '../deployment.ts';
import type { Estate } from '../estate/estate.ts';
import { subscriptionsOf, vmId } from '../estate/ids.ts';
import type { RoleAssignment } from './roles.ts';
import { APP_PRINCIPAL } from './tokens.ts';

/** On what the repair role is assigned: the narrowest that works is each VM. */
export type RepairScope = 'subscription' | 'group' | 'vm';

/** The actions of a role as the template deploys it. */
export const roleActions = (kind: 'read' | 'repair'): string[] =>
  deployedRole(kind).permissions.flatMap(({ actions }) => actions);

export interface AppRolesOptions {
  /** Default: each VM. */
  repairOn?: RepairScope;
  /** Takes an action away, to see what breaks. */
  without?: string;
}

/** The assignments of the app's identity over estates. */
export function appRoles(
  estates: readonly Estate[],
  { repairOn = 'vm', without }: AppRolesOptions = {},
): RoleAssignment[] {
  const rightsOf = (kind: 'read' | 'repair'): Omit<RoleAssignment, 'scope'> => ({
    principalId: APP_PRINCIPAL.principalId,
    actions: roleActions(kind).filter((action) => action !== without),
    notActions: deployedRole(kind).permissions.flatMap(({ notActions }) => notActions),
  });
  const [read, repair] = [rightsOf('read'), rightsOf('repair')];
  const repairScopes = estates.flatMap((estate) => {
    const subscriptions = subscriptionsOf(estate).map((id) => `/subscriptions/${id}`);
    if (repairOn === 'subscription') return subscriptions;
    if (repairOn === 'group') return subscriptions.map((scope) => `${scope}/resourceGroups/${estate.resourceGroup}`);
    return estate.vms.map((vm) => vmId(estate, vm.name));
  });
  const subscriptions = new Set(estates.flatMap(subscriptionsOf).map((id) => `/subscriptions/${id}`));
  return [
    ...[...subscriptions].map((scope) => ({ ...read, scope })),
    ...[...new Set(repairScopes)].map((scope) => ({ ...repair, scope })),
  ];
}
