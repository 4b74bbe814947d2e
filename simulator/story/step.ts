/** Steps of a story: each does something to the program, holds it against what should be, and says what it saw. */
import type { LabConnect } from '../guests/lab.ts';

export interface StepResult {
  name: string;
  ok: boolean;
  /** Milliseconds that the step took. */
  ms: number;
  /** What was seen, packets among it. */
  detail: string;
}

/** One path, over the whole story. */
export interface StoryPath {
  vm: string;
  frontend: string;
  vip: string;
  exposure: string;
  verdict: string;
  proof: string;
  before: { outcome: string; ms: number };
  after: { outcome: string; ms: number };
}

export interface StoryResult {
  ok: boolean;
  guests: 'kernel' | 'model';
  steps: StepResult[];
  paths: StoryPath[];
  failover: { gapMs: number; failedConnects: number; verifiedMs: number };
  /** Functions that ran. */
  functions: string[];
  /** The file that the page was saved to, where one was wanted. */
  page?: string;
}

/** What a step found: every claim with whether it holds. */
export class Claims {
  readonly #failed: string[] = [];
  readonly #seen: string[] = [];

  /** Notes something seen. */
  note(text: string): void {
    this.#seen.push(text);
  }

  /** Holds a claim; a false one fails the step and is told first. */
  claim(holds: boolean, text: string): void {
    if (!holds) this.#failed.push(text);
  }

  get ok(): boolean {
    return this.#failed.length === 0;
  }

  get detail(): string {
    return [...this.#failed.map((text) => `NOT SO: ${text}`), ...this.#seen].join('; ');
  }
}

/** How a connect ended, in a few characters. */
export const shortConnect = (connect: Pick<LabConnect, 'outcome' | 'ms'>): string =>
  connect.outcome === 'ok' ? `ok ${Math.round(connect.ms)} ms` : `${connect.outcome} ${Math.round(connect.ms)} ms`;
