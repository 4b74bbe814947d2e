/** A modelled machine as it booted, for tests of the model's parts. */
import { bootLines } from '../../../../simulator/guests/boot.ts';
import { layoutOf } from '../../../../simulator/guests/layout.ts';
import { ip as runIp } from '../../../../simulator/guests/model/ip/ip.ts';
import { type Machine, newMachine } from '../../../../simulator/guests/model/machine.ts';
import { articleEstate } from '../estates.ts';

/** vm-a of the article's estate after boot, and after these `ip` lines. */
export function bootedMachine(...lines: string[]): Machine {
  const layout = layoutOf(articleEstate());
  const [guest] = layout.guests;
  if (!guest) throw new Error('no guest');
  const machine = newMachine(guest);
  for (const line of [...bootLines(guest, layout), ...lines]) ip(machine, line);
  return machine;
}

/** Runs one `ip` line. Throws with its refusal. */
export function ip(machine: Machine, line: string): string {
  const { exitCode, stdout, stderr } = runIp(machine, line.split(' '), '');
  if (exitCode !== 0) throw new Error(stderr.trim());
  return stdout;
}

/** Routes as `ip` lists them. */
export const routesOf = (machine: Machine, words = 'table all proto 201'): string[] =>
  ip(machine, `-o route show ${words}`).trim().split(/ *\n/).filter(Boolean);

/** What a line is refused with, or `taken`. */
export function refused(machine: Machine, line: string): string {
  try {
    ip(machine, line);
    return 'taken';
  } catch (error) {
    return (error as Error).message;
  }
}
