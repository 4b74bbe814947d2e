/**
 * How long the queue listener waits after it found nothing
 * (azure-sdk-for-net, Storage.Common, Timers/RandomizedExponentialBackoffStrategy.cs; least wait 100 ms).
 */
const LEAST_MS = 100;
const SPREAD = 0.2;

/** Returns a function that gives the next wait in milliseconds, told whether messages were found since the last one. */
export function pollingDelays(mostMs: number, random: () => number = Math.random): (found: boolean) => number {
  let current = 0;
  let exponent = 0;
  return (found) => {
    if (found) {
      current = LEAST_MS;
      exponent = 1;
    } else if (current !== mostMs) {
      const spread = 1 - SPREAD + 2 * SPREAD * random();
      const next = LEAST_MS + (exponent > 0 ? spread * 2 ** (exponent - 1) * LEAST_MS : 0);
      if (next < mostMs) {
        current = next;
        exponent++;
      } else {
        current = mostMs;
      }
    }
    return current;
  };
}
