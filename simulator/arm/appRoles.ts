/** The app's rights as a deployment gives them: the reader on each subscription, the runner on each VM. */
import { readFileSync } from 'node:fs';
import type { Estate } from '../estate/estate.ts';
import { subscriptionsOf, vmId } from '../estate/ids.ts';
import { APP_PRINCIPAL } from './arm.ts';
import type { RoleAssignment } from './roles.ts';

interface RoleDefinition {
  Name: string;
  Actions: string[];
  NotActions: string[];
}

/** A role definition of infra/roles. */
export const roleDefinition = (name: 'reader' | 'runner'): RoleDefinition =>
  JSON.parse(readFileSync(new URL(`../../infra/roles/${name}.json`, import.meta.url), 'utf8')) as RoleDefinition;

/** The assignments of the app's identity over estates. `without` takes an action away, to see what breaks. */
export function appRoles(estates: readonly Estate[], without?: string): RoleAssignment[] {
  const assign = (role: RoleDefinition, scope: string): RoleAssignment => ({
    principalId: APP_PRINCIPAL.principalId,
    scope,
    actions: role.Actions.filter((action) => action !== without),
    notActions: role.NotActions,
  });
  const [reader, runner] = [roleDefinition('reader'), roleDefinition('runner')];
  const subscriptions = new Set(estates.flatMap(subscriptionsOf).map((id) => `/subscriptions/${id}`));
  return [
    ...[...subscriptions].map((scope) => assign(reader, scope)),
    ...estates.flatMap((estate) => estate.vms.map((vm) => assign(runner, vmId(estate, vm.name)))),
  ];
}
