/** Code that `mutateRunner.process.test.ts` has changed: of each kind that the runner treats in a way of its own. */
import { once } from './once.ts';

/** Made while the module loads. */
const LARGE = 'large';

/** Made by the first who asks. */
export const unitOf = once(() => 'mm');

export const wordOf = (size: number): string => (size >= 3 ? LARGE : 'small');

/** Without end, where `i` does not grow. */
export function sumTo(last: number): number {
  let sum = 0;
  for (let i = 1; i <= last; i += 1) sum += i;
  return sum;
}
