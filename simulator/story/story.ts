/** A story in play: the program, its estates, what was seen of every path, and the steps so far. */
import type { RunView } from '../../shared/views/run.ts';
import type { Site, Stack } from '../stack.ts';
import { type Target, targetsOf, tryPath } from './probing.ts';
import type { Sabotage } from './sabotage.ts';
import { Claims, type StepResult, type StoryPath, type StoryResult } from './step.ts';

/** One run may take this long here. */
export const RUN_MS = 180_000;
/** Every single connect of the story gives up after this. */
export const CONNECT_MS = 1000;

export interface Telling {
  /** A step ended. */
  step(result: StepResult): void;
}

export class Story {
  readonly stack: Stack;
  readonly sabotage: Sabotage | undefined;
  readonly targets: Target[];
  /** VM that is primary now, by mirror. */
  readonly primaries: Map<string, string | undefined>;
  failover = { gapMs: 0, failedConnects: 0, verifiedMs: 0 };
  readonly #telling: Telling;
  readonly #steps: StepResult[] = [];
  readonly #paths = new Map<string, StoryPath>();

  constructor(stack: Stack, telling: Telling, sabotage?: Sabotage) {
    this.stack = stack;
    this.sabotage = sabotage;
    this.#telling = telling;
    this.targets = stack.sites.flatMap((site) => targetsOf(site.estate));
    this.primaries = new Map(
      stack.sites.flatMap((site) => site.estate.mirrors.map((mirror) => [mirror.name, mirror.primary] as const)),
    );
  }

  /** Plays one step. What it throws is a claim that failed, not the story's end. */
  async play(name: string, act: (story: Story, claims: Claims) => Promise<void>): Promise<void> {
    // A sabotaged story has shown what it is for with the first step that fails.
    if (this.sabotage !== undefined && this.#steps.some((step) => !step.ok)) return;
    const claims = new Claims();
    const began = performance.now();
    try {
      await act(this, claims);
    } catch (error) {
      claims.claim(false, error instanceof Error ? error.message : String(error));
    }
    const result = { name, ok: claims.ok, ms: Math.round(performance.now() - began), detail: claims.detail };
    this.#steps.push(result);
    this.#telling.step(result);
  }

  result(): StoryResult {
    const ran = this.stack.host.invocations.filter((item) => item.ok).map((item) => item.function);
    return {
      ok: this.#steps.every((step) => step.ok),
      guests: this.stack.lab.kind,
      steps: this.#steps,
      paths: [...this.#paths.values()],
      failover: this.failover,
      functions: [...new Set(ran)].toSorted(),
    };
  }

  /** The targets of one estate. */
  targetsOf(site: Site): Target[] {
    return this.targets.filter((target) => site.estate.mirrors.some((mirror) => mirror.name === target.mirror));
  }

  isOwn(target: Target): boolean {
    return this.primaries.get(target.mirror) === target.vm;
  }

  /** The VM of an estate that holds most primaries now, and another member that can take them all. */
  pair(site: Site): [from: string, to: string] {
    const counts = Map.groupBy(site.estate.mirrors, (mirror) => this.primaries.get(mirror.name));
    const [from, held] = [...counts].toSorted((a, b) => b[1].length - a[1].length)[0] ?? [];
    const takes = (member: string) => member !== from && held?.every((mirror) => mirror.members.includes(member));
    const to = held?.[0]?.members.find(takes);
    if (from === undefined || to === undefined) throw new Error('no VM holds primaries that another could take');
    return [from, to];
  }

  /** A mirror moves, with its notice; resolves to the run that the notice caused. */
  async failOver(mirror: string, to: string): Promise<RunView> {
    this.primaries.set(mirror, to);
    const { eventId } = await this.stack.failOver(mirror, to);
    const signal = await this.stack.step((item) => item.step === 'signal' && item.eventId === eventId, RUN_MS);
    return this.stack.ended(String(signal.runId), RUN_MS);
  }

  /** Managed commands sent to an estate's VMs so far, counted where Azure takes them. */
  commandsSent(site: Site): number {
    const vms = site.estate.vms.map((vm) => `/virtualMachines/${vm.name}/runCommands/`.toLowerCase());
    const isOurs = (path: string) => vms.some((part) => path.toLowerCase().includes(part));
    return this.stack.arm.calls.filter((call) => call.method === 'PUT' && isOurs(call.path)).length;
  }

  /** Remembers how a path was before anything was done. */
  keepBefore(target: Target, before: StoryPath['before']): void {
    const { vm, frontend, vip } = target;
    const nothing = { exposure: 'none', verdict: 'unknown', proof: 'none', after: { outcome: 'none', ms: 0 } };
    this.#paths.set(key(vm, vip), { vm, frontend, vip, ...nothing, before });
  }

  /** Remembers what a run said of its paths. */
  take(run: RunView): void {
    for (const vm of run.vms) {
      for (const path of vm.paths) {
        const known = this.#paths.get(key(vm.vm, path.vip));
        if (known) Object.assign(known, { exposure: path.exposure, verdict: path.verdict, proof: path.proof.kind });
      }
    }
  }

  /** Tries every path of some VMs from inside the guests; each must work. */
  async tryAll(site: Site, claims: Claims, vms: readonly string[]): Promise<void> {
    for (const target of this.targetsOf(site).filter((item) => vms.includes(item.vm))) {
      const connect = await tryPath(site.lab, target, CONNECT_MS);
      claims.claim(connect.outcome === 'ok', `${target.vm} to ${target.vip} ended ${connect.outcome}`);
      const path = this.#paths.get(key(target.vm, target.vip));
      if (path) path.after = { outcome: connect.outcome, ms: Math.round(connect.ms) };
    }
  }
}

const key = (vm: string, vip: string): string => `${vm} ${vip}`;
