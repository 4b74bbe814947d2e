/** Ids of commands, and the line of a script that carries one: Azure shows the script, so it tells whose command it holds. */
import { hash } from 'node:crypto';
import type { CommandSlot } from './ports.ts';
import { ID, RUN_ID } from './runId.ts';

/** A command id has the shape of a run id: 32 hex digits in lower case. */
export const COMMAND_ID = RUN_ID;

/** The id of a VM's command number `seq`: the first 32 hex digits of sha256. A repeated send carries the same id. */
export const commandIdOf = (vmKey: string, seq: number): string => hash('sha256', `${vmKey}\n${seq}`).slice(0, 32);

const LINE = '# ilb-hairpin-guard command ';
const LINE_IN_SCRIPT = new RegExp(String.raw`^${LINE}(${ID})\r?$`, 'm');

/** The line that carries a command's id: a comment in bash and in PowerShell. */
export const commandLine = (commandId: string): string => `${LINE}${commandId}`;

/** The command id in a script's text; undefined when the script is not of this program. */
export const commandIdIn = (script: string | undefined): string | undefined => LINE_IN_SCRIPT.exec(script ?? '')?.[1];

/** The name of the managed command in each slot: two fixed ones. */
export const commandName = (slot: CommandSlot): string => `ilbHairpinGuard-${slot}`;

/** The resource id of a VM’s command, for a person to find it. */
export const commandResource = (vmId: string, slot: CommandSlot): string => `${vmId}/runCommands/${commandName(slot)}`;
