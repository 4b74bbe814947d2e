/** What the last command on a VM says of the plan that the VM should have now. Pure. */
import { PlanError, ReportError } from '../errors.ts';
import { commandIdIn } from '../model/commandId.ts';
import { GUEST_MODES, type GuestMode, type GuestOs, type GuestPlan, type GuestReport } from '../model/guest.ts';
import type { LastCommand } from '../model/ports.ts';
import { renderScript } from './render.ts';
import { parseReport } from './report.ts';
import { planLines } from './splice.ts';

/** `other-plan`: the command was for other addresses than the VM's of now. `no-report`: it did not end with one. */
export type LastHeard = { report: GuestReport } | 'other-plan' | 'no-report' | 'removed';

/** Taken for the comparison alone, so that the lines that hold them are left out of it. */
const LIMITS = { connectSeconds: 3, totalSeconds: 60 };
const ASIDE =
  /^(?:COMMAND_ID|MODE|CONNECT_SECONDS|TOTAL_SECONDS)=|^\$(?:CommandId|Mode|ConnectSeconds|TotalSeconds) = /;
const MODE = new RegExp(String.raw`^(?:MODE=|\$Mode = ')(${GUEST_MODES.join('|')})'?$`, 'm');

/**
 * Hears the last command: its report when the script that Azure holds carries the same plan as the one given, line by
 * line. A script of another version that writes plans otherwise is `other-plan`. Never throws for what Azure may hold.
 */
export function hearLast(last: LastCommand, os: GuestOs, plan: GuestPlan): LastHeard {
  const commandId = commandIdIn(last.script);
  const mode = MODE.exec(last.script)?.[1] as GuestMode | undefined;
  if (commandId === undefined || mode === undefined) return 'no-report';
  if (mode === 'remove') return 'removed';
  const command = { commandId, mode, plan, limits: LIMITS };
  try {
    if (planOf(renderScript(os, command)) !== planOf(last.script)) return 'other-plan';
    return { report: parseReport(last.output, command) };
  } catch (error) {
    if (error instanceof ReportError) return 'no-report';
    // A plan that cannot be sent was not sent.
    if (error instanceof PlanError) return 'other-plan';
    throw error;
  }
}

const planOf = (script: string): string =>
  planLines(script)
    .filter((line) => !ASIDE.test(line))
    .join('\n');
