/** Puts a checked command into guard.ps1. */
import { PlanError } from '../../errors.ts';
import type { GuestCommand, PlannedFrontend } from '../../model/guest.ts';
import { withAssignments } from '../splice.ts';

/** Windows shows a MAC in upper case with dashes (`Get-NetAdapter`, property MacAddress). */
const windowsMac = (mac: string): string => mac.toUpperCase().replaceAll(':', '-');

const line = ({ vip, port, backends, via, kept }: PlannedFrontend): string =>
  [
    vip,
    port ?? 0,
    backends.map(({ ip }) => ip).join(),
    backends.map(({ mac }) => windowsMac(mac)).join(),
    via.ip,
    windowsMac(via.mac),
    ...(kept ? ['kept'] : []),
  ].join(' ');

/**
 * Replaces what stands between the two plan marks in guard.ps1 by the command as PowerShell assignments, and puts the
 * command id in the second line. Takes only a command that checkCommand let through: nothing in it can end a quoted
 * string. Throws Error when the script has lost its marks, and PlanError for a network of containers: what steers their
 * answers are Linux's rules.
 */
export function renderWindows(script: string, { commandId, mode, plan, networks = [], limits }: GuestCommand): string {
  if (plan.containers !== undefined) {
    throw new PlanError(
      'plan.containers',
      plan.containers,
      'containers with published ports are served on Linux alone',
    );
  }
  const assignments = [
    `$CommandId = '${commandId}'`,
    `$Mode = '${mode}'`,
    `$ConnectSeconds = ${limits.connectSeconds}`,
    `$TotalSeconds = ${limits.totalSeconds}`,
    `$Networks = @(${networks.map((network) => `'${network}'`).join(', ')})`,
    '# One line per frontend: VIP, TCP port (0: do not connect), backend addresses, their MACs, via address, its MAC; kept: left as it is',
    `$Plan = @(${plan.frontends.map((frontend) => `\n    '${line(frontend)}'`).join('')}${plan.frontends.length > 0 ? '\n' : ''})`,
  ];
  return withAssignments(script, 'guard.ps1', commandId, assignments);
}
