/** Puts a checked command into guard.sh. */
import type { GuestCommand } from '../../model/guest.ts';

const BEGIN = '# --- plan ---';
const END = '# --- end of plan ---';

/**
 * Replaces what stands between the two plan marks in guard.sh by the command as bash assignments, and puts the
 * command id in the second line. Takes only a command that checkCommand let through. Throws Error when the script
 * has lost its marks.
 */
export function renderLinux(script: string, { commandId, mode, plan, limits }: GuestCommand): string {
  const begin = script.indexOf(`${BEGIN}\n`);
  const end = script.indexOf(`${END}\n`);
  const firstLine = script.indexOf('\n') + 1;
  if (begin < firstLine || end < begin) throw new Error('guard.sh has lost the marks of its plan.');
  const list = (values: (string | number)[]) => `(${values.join(' ')})`;
  const { frontends } = plan;
  const assignments = [
    `COMMAND_ID=${commandId}`,
    `MODE=${mode}`,
    `CONNECT_SECONDS=${limits.connectSeconds}`,
    `TOTAL_SECONDS=${limits.totalSeconds}`,
    `VIP=${list(frontends.map((f) => f.vip))}`,
    `PORT=${list(frontends.map((f) => f.port ?? 0))}`,
    `BACKEND_IP=${list(frontends.map((f) => f.backend.ip))}`,
    `BACKEND_MAC=${list(frontends.map((f) => f.backend.mac))}`,
    `VIA_IP=${list(frontends.map((f) => f.via.ip))}`,
    `VIA_MAC=${list(frontends.map((f) => f.via.mac))}`,
  ];
  return [
    script.slice(0, firstLine),
    `# ilb-hairpin-guard command ${commandId}\n`,
    script.slice(firstLine, begin + BEGIN.length + 1),
    `${assignments.join('\n')}\n`,
    script.slice(end),
  ].join('');
}
