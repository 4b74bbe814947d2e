/**
 * The load balancer's health probes: rounds at each probe's interval, and the count of equal answers in a row that
 * turns a backend up or down (`probeThreshold`; learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview).
 */
import { until } from '../until.ts';
import type { LabBackend } from './lab.ts';
import type { ProbeTarget } from './layout.ts';

export type ProbeResult = Extract<LabBackend['reason'], `${string}_Probe_${string}`>;

/** Makes one probe. Never rejects: a failure is a result. */
export type Attempt = (target: ProbeTarget, timeoutMs: number) => Promise<ProbeResult>;

export interface BackendState {
  up: boolean;
  reason: ProbeResult;
  /** Answers in a row that say the opposite of `up`. */
  against: number;
}

const isUp = (result: ProbeResult): boolean => result.startsWith('Up_');

/** The state after one more answer. The first answer of all is taken as it is. */
export function afterProbe(state: BackendState | undefined, result: ProbeResult, threshold: number): BackendState {
  const up = isUp(result);
  if (!state || up === state.up) return { up, reason: result, against: 0 };
  const against = state.against + 1;
  return against >= threshold ? { up, reason: result, against: 0 } : { ...state, against };
}

/** Azure waits for an answer for the interval, 30 s at most. */
export const probeTimeoutMs = (target: ProbeTarget): number => Math.min(target.intervalSeconds, 30) * 1000;

/** Probes all targets until stopped. */
export class Prober {
  readonly #targets: ProbeTarget[];
  readonly #attempt: Attempt;
  readonly #onChange: () => Promise<void>;
  readonly #states = new Map<string, BackendState>();
  #timers: NodeJS.Timeout[] = [];
  #round = 0;

  /** `onChange` runs after a backend turned up or down. */
  constructor(targets: ProbeTarget[], attempt: Attempt, onChange: () => Promise<void>) {
    this.#targets = targets;
    this.#attempt = attempt;
    this.#onChange = onChange;
  }

  /** The state of a target by its key; undefined before its first answer. */
  state(key: string): BackendState | undefined {
    return this.#states.get(key);
  }

  /** Forgets every state and probes until `settled` says so, then goes on at the intervals. Throws after `limitMs`. */
  async start(settled: () => string | undefined, limitMs: number): Promise<void> {
    this.stop();
    let open: string | undefined;
    const probed = async (): Promise<boolean> => {
      this.#states.clear();
      await Promise.all(this.#targets.map((target) => this.#probe(target, this.#round)));
      open = settled();
      return open === undefined;
    };
    await until(() => `the probes to settle: ${open}`, probed, limitMs);
    await this.#onChange();
    const round = this.#round;
    this.#timers = this.#targets.map((target) =>
      setInterval(() => void this.#probe(target, round, this.#onChange), target.intervalSeconds * 1000),
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#round++;
  }

  async #probe(target: ProbeTarget, round: number, onChange?: () => Promise<void>): Promise<void> {
    const result = await this.#attempt(target, probeTimeoutMs(target));
    if (round !== this.#round) return; // stopped meanwhile
    const before = this.#states.get(target.key);
    const after = afterProbe(before, result, target.threshold);
    this.#states.set(target.key, after);
    if (before?.up !== after.up) await onChange?.();
  }
}
