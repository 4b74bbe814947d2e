/** Guest command -> the script that runs in the VM. The scripts are real files beside this one; only the plan is put in. */
import { readFileSync } from 'node:fs';
import type { GuestCommand, GuestOs } from '../model/guest.ts';
import { renderLinux } from './linux/render.ts';
import { checkCommand } from './plan.ts';
import { renderWindows } from './windows/render.ts';

interface GuestScript {
  /** Relative to this file; the bundle keeps the scripts at the same place. */
  file: string;
  /** Puts a checked command into the script's text. */
  render: (script: string, command: GuestCommand) => string;
}

const SCRIPTS: Record<GuestOs, GuestScript> = {
  linux: { file: './linux/guard.sh', render: renderLinux },
  windows: { file: './windows/guard.ps1', render: renderWindows },
};

const texts = new Map<GuestOs, string>();

/** The whole script: guard.sh and guard.ps1, with the parts that they name put in their places. */
function textOf(os: GuestOs): string {
  let text = texts.get(os);
  if (text === undefined) {
    const file = new URL(SCRIPTS[os].file, import.meta.url);
    text = read(file).replaceAll(/^\. \.\/([a-z-]+\.(?:sh|ps1))$/gm, (_, part: string) =>
      read(new URL(part, file)).trimEnd(),
    );
    texts.set(os, text);
  }
  return text;
}

/** A checkout on Windows may have put CR before each LF, which no shell takes. */
const read = (file: URL): string => readFileSync(file, 'utf8').replaceAll('\r\n', '\n');

/**
 * The script for one command, with the command id in its second line (which makes an equal command an equal text).
 * Throws PlanError when any field of the command is not what plan.ts allows.
 */
export function renderScript(os: GuestOs, command: GuestCommand): string {
  const checked = checkCommand(command);
  return SCRIPTS[os].render(textOf(os), checked);
}
