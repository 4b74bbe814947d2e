/** The `sysctl` of a modelled guest: rp_filter and accept_local. */
import type { Machine } from './machine.ts';
import type { ProgramResult } from './program.ts';

const KEY = /^net[./]ipv4[./]conf[./]([\w-]+)[./](rp_filter|accept_local)$/;

/** Runs `sysctl [-w] [-q] [-n] key[=value]...`. */
export function sysctl(machine: Machine, argv: string[]): ProgramResult {
  const letters = argv.filter((it) => it.startsWith('-')).join('');
  const result: ProgramResult = { exitCode: 0, stdout: '', stderr: '' };
  for (const word of argv.filter((it) => !it.startsWith('-'))) {
    const [key = '', value] = word.split('=', 2);
    const [, device = '', name = ''] = KEY.exec(key) ?? [];
    const setting = name === 'rp_filter' ? machine.rpFilter : machine.acceptLocal;
    if (!setting.has(device)) {
      result.stderr += `sysctl of the modelled guest does not know ${key}; a kernel guest does\n`;
      result.exitCode = 255;
      continue;
    }
    if (value !== undefined) setting.set(device, Number(value));
    const shown = setting.get(device);
    if (value === undefined || !letters.includes('q'))
      result.stdout += letters.includes('n') ? `${shown}\n` : `${key} = ${shown}\n`;
  }
  return result;
}
