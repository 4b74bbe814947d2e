/** A lab without guests: scripts are answered by a function, health by the estate's primaries. */
import type { Estate } from '../../../simulator/estate/estate.ts';
import type { GuestLab, ScriptResult } from '../../../simulator/guests/lab.ts';
import { primaryHealth } from '../../../simulator/guests/primaryHealth.ts';

/** One script that was run. */
export interface Ran {
  vm: string;
  script: string;
  timeoutSeconds: number;
}

export interface FakeLab extends GuestLab {
  ran: Ran[];
  /** What the next scripts do; by default they print `ran <first line>` and succeed. */
  answer: (run: Ran, signal: AbortSignal | undefined) => Promise<ScriptResult> | ScriptResult;
}

/** A result with nothing special. */
export const result = (stdout: string, exitCode = 0): ScriptResult => ({
  exitCode,
  timedOut: false,
  stdout,
  stderr: '',
});

export function fakeLab(estate: Estate): FakeLab {
  const primaries = new Map(estate.mirrors.map((mirror) => [mirror.name, mirror.primary]));
  const refuse = (what: string) => () => Promise.reject(new Error(`the fake lab has no ${what}`));
  const lab: FakeLab = {
    kind: 'model',
    ran: [],
    answer: ({ script }) => result(`ran ${script.split('\n')[0]}\n`),
    async runScript(vm, script, timeoutSeconds, signal) {
      const run = { vm, script, timeoutSeconds };
      lab.ran.push(run);
      return lab.answer(run, signal);
    },
    async setPrimary(mirror, vm) {
      primaries.set(mirror, vm);
    },
    health: async (loadBalancer, ruleName) => primaryHealth(estate, primaries, loadBalancer, ruleName),
    exec: refuse('exec'),
    connect: refuse('connect'),
    counters: refuse('counters'),
    resetCounters: refuse('counters'),
    lie: refuse('lies'),
    reset: refuse('reset'),
    stop: async () => {},
  };
  return lab;
}
