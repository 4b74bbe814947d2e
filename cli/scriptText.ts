/** What a person reads beside a script. */
import { printable } from '../shared/views/printable.ts';
import type { ScriptView } from '../shared/views/script.ts';

/** How to run it on the VM, and the three commands that undo it. */
export function scriptText({ vm, file, vips, leftOut, run, undo }: ScriptView): string {
  const as = file.endsWith('.sh') ? 'as root' : 'as administrator';
  const [remove, look, files] = undo;
  return [
    `This is the script for ${printable(vm)}: it puts in place what ${vips.join(', ')} need, proves it with a connection, and keeps it.`,
    ...leftOut.map(({ vip, text }) => printable(`It leaves ${vip} out: ${text}`)),
    `Keep it as ${file}, take it to the VM, and run it there ${as}; its last line is its report:`,
    `  ${run}`,
    'These three undo it, and show that nothing is left:',
    ...[remove, look, files].map((command) => `  ${command}`),
    '',
  ].join('\n');
}
