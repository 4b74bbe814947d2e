/** The options of `npm run chaos`. */
import { parseArgs } from 'node:util';

export interface Options {
  minutes: number;
  seed: number;
  pairs: number;
}

/** Reads the command line. Throws with what is wrong. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      pairs: { type: 'string', default: '20' },
    },
  });
  const [minutes, seed, pairs] = [values.minutes, values.seed, values.pairs].map(Number);
  if (!minutes || minutes <= 0 || !Number.isInteger(seed) || !pairs || pairs > 500) {
    throw new Error('--minutes takes a number above 0, --seed a whole number, --pairs one from 1 to 500');
  }
  return { minutes, seed: seed ?? 0, pairs };
}
