/** Faults on demand: what Azure, or the way to it, does on a bad day. */
import type { CallName } from './actions.ts';

/** Which calls a fault meets; everything given must hold. */
export interface FaultMatch {
  call?: CallName;
  method?: string;
  path?: RegExp;
  /** VM name in the path, any letter case. */
  vm?: string;
}

export type FaultKind =
  /** This answer instead of the real one; the call is not taken. */
  | { status: number; code?: string; message?: string; retryAfterSeconds?: number }
  /** The connection ends: before the call was taken, or after, so that only the answer is lost. */
  | { drop: 'before' | 'after' }
  /** The answer comes late. */
  | { slowMs: number }
  /** The answer stops in the middle of its body, and the connection stays open. */
  | { hang: 'body' }
  /** A list's next page: the first again and again, gone (404), on another host, or a page without its array. */
  | { paging: 'loop' | 'gone' | 'other-host' | 'no-value' }
  /** Rule health: its operation stays in progress, or shows every backend up without evidence. */
  | { health: 'never-finishes' | 'up-admin' | 'no-body' }
  /** A command's instance view goes on showing the previous execution for so long after its report came. */
  | { staleMs: number }
  /** A command's final output is replaced; a function gets the real one. */
  | { output: 'cut' | 'empty' | 'other-run' | 'not-json' | ((output: string) => string) }
  /** The answer's body as Azure might show it: an unknown word, a missing field. Gets a copy to edit. */
  | { edit: (body: Record<string, unknown>) => void };

export interface Fault {
  match?: FaultMatch;
  /** How often it strikes; default once. */
  times?: number;
  kind: FaultKind;
}

/** A fault that was set: how often it struck, and its end. */
export interface SetFault {
  readonly hits: number;
  clear(): void;
}

interface Standing extends Fault {
  left: number;
  hits: number;
}

/** What a fault is matched against. */
export interface Target {
  call: CallName;
  method: string;
  path: string;
  vm?: string | undefined;
}

type KindKey = 'status' | 'drop' | 'slowMs' | 'hang' | 'paging' | 'health' | 'staleMs' | 'output' | 'edit';

export class Faults {
  #standing: Standing[] = [];

  add(fault: Fault): SetFault {
    const standing: Standing = { ...fault, left: fault.times ?? 1, hits: 0 };
    this.#standing.push(standing);
    return {
      get hits() {
        return standing.hits;
      },
      clear: () => {
        standing.left = 0;
      },
    };
  }

  /** Takes the oldest standing fault of one kind that meets the target, and counts it. */
  take<K extends KindKey>(key: K, target: Target): Extract<FaultKind, Record<K, unknown>> | undefined {
    const fault = this.#standing.find((f) => f.left > 0 && key in f.kind && meets(f.match ?? {}, target));
    if (!fault) return undefined;
    fault.left -= 1;
    fault.hits += 1;
    return fault.kind as Extract<FaultKind, Record<K, unknown>>;
  }

  clear(): void {
    for (const fault of this.#standing) fault.left = 0;
    this.#standing = [];
  }
}

const meets = (match: FaultMatch, target: Target): boolean =>
  (match.call === undefined || match.call === target.call) &&
  (match.method === undefined || match.method === target.method) &&
  (match.path === undefined || match.path.test(target.path)) &&
  (match.vm === undefined || match.vm.toLowerCase() === target.vm?.toLowerCase());

/** The output that an output fault puts in place of the real one. */
export function spoilOutput(kind: Extract<FaultKind, { output: unknown }>['output'], output: string): string {
  if (typeof kind === 'function') return kind(output);
  if (kind === 'empty') return '';
  if (kind === 'not-json') return 'This is not what anybody asked for.\n';
  if (kind === 'other-run') return output.replace(/\b[0-9a-f]{32}\b/g, '0'.repeat(32));
  return output.trimEnd().slice(0, -20);
}
