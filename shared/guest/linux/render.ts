/** Puts a checked command into guard.sh. */
import type { GuestCommand } from '../../model/guest.ts';
import { withAssignments } from '../splice.ts';

/**
 * Replaces what stands between the two plan marks in guard.sh by the command as bash assignments, and puts the
 * command id in the second line. Takes only a command that checkCommand let through. Throws Error when the script
 * has lost its marks.
 */
export function renderLinux(script: string, { commandId, mode, plan, networks = [], limits }: GuestCommand): string {
  const list = (values: (string | number)[]) => `(${values.join(' ')})`;
  const { containers = '', frontends } = plan;
  const assignments = [
    `COMMAND_ID=${commandId}`,
    `MODE=${mode}`,
    `CONNECT_SECONDS=${limits.connectSeconds}`,
    `TOTAL_SECONDS=${limits.totalSeconds}`,
    `CONTAINERS=${containers}`,
    `NETWORKS=${list(networks)}`,
    `VIP=${list(frontends.map((f) => f.vip))}`,
    `PORT=${list(frontends.map((f) => f.port ?? 0))}`,
    `BACKEND_IP=${list(frontends.map((f) => f.backends.map(({ ip }) => ip).join()))}`,
    `BACKEND_MAC=${list(frontends.map((f) => f.backends.map(({ mac }) => mac).join()))}`,
    `VIA_IP=${list(frontends.map((f) => f.via.ip))}`,
    `VIA_MAC=${list(frontends.map((f) => f.via.mac))}`,
    `KEPT=${list(frontends.flatMap((f, index) => (f.kept ? [`[${index}]=kept`] : [])))}`,
  ];
  return withAssignments(script, 'guard.sh', commandId, assignments);
}
