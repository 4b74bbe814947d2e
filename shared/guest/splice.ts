/** Where a command's assignments go in a guest script, bash's and PowerShell's alike. */
import { commandLine } from '../model/commandId.ts';

const BEGIN = '# --- plan ---\n';
const END = '# --- end of plan ---\n';

/**
 * The script with these assignments between its two plan marks, and the command id in its second line. Throws Error,
 * naming the file, when the script has lost its marks.
 */
export function withAssignments(script: string, file: string, commandId: string, assignments: string[]): string {
  const begin = script.indexOf(BEGIN);
  const end = script.indexOf(END);
  const firstLine = script.indexOf('\n') + 1;
  if (begin < firstLine || end < begin) throw new Error(`${file} has lost the marks of its plan.`);
  return [
    script.slice(0, firstLine),
    `${commandLine(commandId)}\n`,
    script.slice(firstLine, begin + BEGIN.length),
    `${assignments.join('\n')}\n`,
    script.slice(end),
  ].join('');
}

/** The lines between the two plan marks of a script, as Azure may hold it; none when it has no marks. */
export function planLines(script: string): string[] {
  const text = script.replaceAll('\r\n', '\n');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  return begin < 0 || end < begin
    ? []
    : text
        .slice(begin + BEGIN.length, end)
        .trimEnd()
        .split('\n');
}
