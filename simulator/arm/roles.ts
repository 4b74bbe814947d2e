/**
 * Role assignments, checked as Azure does: a call is allowed when one assignment at or above its scope has the action
 * among its actions and not among its notActions. Source: "Understand Azure role definitions" and "How Azure RBAC
 * determines if a user has access to a resource". Deny assignments and data actions are not modelled.
 */
import { isWithin } from '../../shared/model/ids.ts';
import type { Principal } from './tokens.ts';

export interface RoleAssignment {
  principalId: string;
  /** Subscription, resource group or resource id; what lies under it is meant too. */
  scope: string;
  /** Actions, `*` for any text: `Microsoft.Compute/virtualMachines/*`. */
  actions: readonly string[];
  notActions?: readonly string[];
}

/** The check for `authorize` of startArm. */
export function authorizeBy(
  assignments: readonly RoleAssignment[],
): (principal: Principal, action: string, scope: string) => boolean {
  return (principal, action, scope) =>
    assignments.some(
      (assignment) =>
        assignment.principalId.toLowerCase() === principal.principalId.toLowerCase() &&
        isWithin(scope, assignment.scope) &&
        names(assignment.actions, action) &&
        !names(assignment.notActions ?? [], action),
    );
}

const names = (patterns: readonly string[], action: string): boolean =>
  patterns.some((pattern) => patternOf(pattern).test(action));

const patternOf = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 'i');
