/**
 * Guests without network stacks, for storms over many VMs: a script is not run, but answered as the guest script
 * would, from a state that is either right or wrong. What it says of packets is made up; what it counts of commands is
 * not. The kernel and the modelled labs are for the other questions.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { MARKER } from '../../shared/guest/wire.ts';
import type { Estate } from '../estate/estate.ts';
import type { GuestLab, ScriptResult } from '../guests/lab.ts';
import { primaryHealth } from '../guests/primaryHealth.ts';

/** `broken`: connects fail whatever is applied. `silent`: no report. `hangs`: never ends by itself. */
export type GuestBehaviour = 'works' | 'broken' | 'silent' | 'hangs';

/** One script that reached a guest. */
export interface GuestRun {
  vm: string;
  commandId: string;
  mode: string;
  startedAt: number;
  endedAt?: number;
}

export interface ScriptedLab extends GuestLab {
  runs: GuestRun[];
  /** What must never be: two commands in one VM, or two members of a mirror changed at the same time. */
  overlaps: string[];
  mostAtOnce: number;
  behave(vm: string, behaviour: GuestBehaviour): void;
  /** Something removes the fix from a guest. */
  drift(vm: string): void;
  /** Every guest of the estate is as planned. */
  isRight(vm: string): boolean;
  primaryOf(mirror: string): string | undefined;
}

const HUNG_MS = 3_600_000;

/** A lab over an estate whose scripts take so long, ms. */
export function scriptedLab(estate: Estate, scriptMs: number): ScriptedLab {
  const primaries = new Map(estate.mirrors.map((mirror) => [mirror.name, mirror.primary]));
  const behaviours = new Map<string, GuestBehaviour>();
  const right = new Set<string>();
  const running = new Set<GuestRun>();
  const vipOf = new Map(
    estate.loadBalancers.flatMap((lb) => lb.frontends.map((f) => [`${lb.name}/${f.name}`, f.address] as const)),
  );
  const refuse = (what: string) => () => Promise.reject(new Error(`scripted guests have no ${what}`));

  const meet = (run: GuestRun): void => {
    for (const other of running) {
      if (other.vm === run.vm) lab.overlaps.push(`${run.vm} twice`);
      else if (run.mode !== 'check' && other.mode !== 'check') {
        const both = estate.mirrors.find((m) => m.members.includes(run.vm) && m.members.includes(other.vm));
        if (both) lab.overlaps.push(`${run.vm} and ${other.vm} of ${both.name}`);
      }
    }
    running.add(run);
    lab.runs.push(run);
    lab.mostAtOnce = Math.max(lab.mostAtOnce, running.size);
  };

  const report = (run: GuestRun, vips: string[], behaviour: GuestBehaviour): string => {
    const wasRight = right.has(run.vm);
    if (run.mode === 'apply' && behaviour !== 'broken') right.add(run.vm);
    if (run.mode === 'remove') right.delete(run.vm);
    const paths = vips.map((vip, i) => {
      if (run.mode === 'remove') return `${i};;;n;n;n;`;
      const mirror = estate.mirrors.find((m) => vipOf.get(`${m.loadBalancer}/${m.frontend}`) === vip);
      const primary = mirror && primaries.get(mirror.name);
      const drift = (isRight: boolean) => (isRight ? '' : 'RYLK');
      const works = (isRight: boolean) =>
        primary !== undefined && behaviour !== 'broken' && (isRight || primary !== run.vm);
      const connect = (isRight: boolean) => (works(isRight) ? 'o3' : 't2000');
      const after = run.mode === 'apply' || wasRight;
      const seen = primary === run.vm ? 's' : 'r';
      const proof = works(after) ? seen : 'n';
      return `${i};${drift(wasRight)};${drift(after)};${connect(wasRight)};${connect(after)};${proof};`;
    });
    const changed = (run.mode === 'apply' && !wasRight) || (run.mode === 'remove' && wasRight) ? 4 : 0;
    const body = { v: 1, os: 'linux', mode: run.mode, chg: changed, p: paths, w: [] };
    return `${MARKER} ${run.commandId} ${JSON.stringify(body)}\n`;
  };

  const lab: ScriptedLab = {
    kind: 'model',
    runs: [],
    overlaps: [],
    mostAtOnce: 0,
    behave: (vm, behaviour) => void behaviours.set(vm, behaviour),
    drift: (vm) => void right.delete(vm),
    isRight: (vm) => right.has(vm),
    primaryOf: (mirror) => primaries.get(mirror),
    async runScript(vm, script, timeoutSeconds, signal): Promise<ScriptResult> {
      const commandId = /^COMMAND_ID=([0-9a-f]{32})$/m.exec(script)?.[1] ?? '';
      const mode = /^MODE=(\w+)$/m.exec(script)?.[1] ?? '';
      const vips = (/^VIP=\((.*)\)$/m.exec(script)?.[1] ?? '').split(' ').filter(Boolean);
      const run: GuestRun = { vm, commandId, mode, startedAt: Date.now() };
      const behaviour = behaviours.get(vm) ?? 'works';
      meet(run);
      try {
        const ms = behaviour === 'hangs' ? HUNG_MS : scriptMs;
        await delay(Math.min(ms, timeoutSeconds * 1000), undefined, { ref: false, ...(signal ? { signal } : {}) });
        if (behaviour === 'hangs') return { timedOut: true, stdout: '', stderr: '' };
        if (behaviour === 'silent') return { exitCode: 137, timedOut: false, stdout: 'noise\n', stderr: 'killed\n' };
        return { exitCode: 0, timedOut: false, stdout: `noise\n${report(run, vips, behaviour)}`, stderr: '' };
      } catch (error) {
        if (!signal?.aborted) throw error;
        return { timedOut: false, stdout: '', stderr: '' };
      } finally {
        run.endedAt = Date.now();
        running.delete(run);
      }
    },
    async setPrimary(mirror, vm) {
      primaries.set(mirror, vm);
    },
    health: async (loadBalancer, ruleName) => primaryHealth(estate, primaries, loadBalancer, ruleName),
    exec: refuse('console'),
    connect: refuse('network'),
    counters: refuse('counters'),
    resetCounters: refuse('counters'),
    lie: refuse('lies'),
    async reset() {
      right.clear();
    },
    async stop() {},
  };
  return lab;
}
