/** One notifier as a test runs it, by bash or by PowerShell. */
export interface Asked {
  topic?: string;
  metadata?: string;
  clientId?: string;
  vip?: string;
  mirror?: string;
  seconds?: string;
  log?: string;
  test?: boolean;
  /** Words behind all others. */
  more?: string[];
}

export interface Ran {
  exitCode: number;
  /** What it said, on whatever stream. */
  output: string;
}

/** Runs a notifier to its end. */
export type Notifier = (asked: Asked) => Promise<Ran>;

/** Arguments as `--client-id VALUE` or `-ClientId VALUE`. */
export function wordsOf({ more = [], test = false, ...asked }: Asked, flag: (name: string) => string): string[] {
  const pairs = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [flag(name), value]));
  return [...pairs, ...(test ? [flag('test')] : []), ...more];
}
