/**
 * The article's estate, from the failure to the proof: every path before, a sweep that repairs, a failover that
 * needs no repair, a guest whose rules were lost, and a VM that only a person can help.
 */
import type { RunView } from '../../shared/views/run.ts';
import { vmId } from '../estate/ids.ts';
import type { Stack } from '../stack.ts';
import { packets, startPacing, type Target, targetsOf, tryPath } from './probing.ts';
import { liesInFailover, type Sabotage } from './sabotage.ts';
import { Claims, type StepResult, type StoryPath, type StoryResult, shortConnect } from './step.ts';

/** One run may take this long here. */
const RUN_MS = 40_000;
/** Every connect of the story gives up after this. */
const CONNECT_MS = 1500;

export interface Telling {
  /** A step ended. */
  step(result: StepResult): void;
  /** A line about what is going on. */
  say(text: string): void;
}

/** Plays the story. Never throws for a step that fails: it is told, and the rest is played. */
export class ArticleStory {
  readonly #stack: Stack;
  readonly #telling: Telling;
  readonly #sabotage: Sabotage | undefined;
  readonly #targets: Target[];
  readonly #steps: StepResult[] = [];
  readonly #paths = new Map<string, StoryPath>();
  readonly #primaries: Map<string, string | undefined>;
  #failover = { gapMs: 0, failedConnects: 0, verifiedMs: 0 };

  constructor(stack: Stack, telling: Telling, sabotage?: Sabotage) {
    this.#stack = stack;
    this.#sabotage = sabotage;
    this.#telling = telling;
    this.#targets = targetsOf(stack.estate);
    this.#primaries = new Map(stack.estate.mirrors.map((mirror) => [mirror.name, mirror.primary]));
  }

  async play(): Promise<StoryResult> {
    await this.#play('before: every path tried', (claims) => this.#before(claims));
    await this.#play('sweep: found, repaired, proved', (claims) => this.#sweep(claims));
    await this.#play('failover: both primaries on the other VM', (claims) => this.#failOver(claims));
    await this.#play('drift: rules and routes lost by hand', (claims) => this.#drift(claims));
    await this.#play('blocked: a VM that a person must help', (claims) => this.#blocked(claims));
    return this.result();
  }

  result(): StoryResult {
    return {
      ok: this.#steps.every((step) => step.ok),
      guests: this.#stack.lab.kind,
      steps: this.#steps,
      paths: [...this.#paths.values()],
      failover: this.#failover,
      functions: [
        ...new Set(this.#stack.host.invocations.filter((item) => item.ok).map((item) => item.function)),
      ].toSorted(),
    };
  }

  async #play(name: string, act: (claims: Claims) => Promise<void>): Promise<void> {
    const claims = new Claims();
    const began = performance.now();
    try {
      await act(claims);
    } catch (error) {
      claims.claim(false, error instanceof Error ? error.message : String(error));
    }
    const result = { name, ok: claims.ok, ms: Math.round(performance.now() - began), detail: claims.detail };
    this.#steps.push(result);
    this.#telling.step(result);
  }

  /** (a) A primary's own paths fail, all others work: a connect alone proves nothing about the next failover. */
  async #before(claims: Claims): Promise<void> {
    const { lab } = this.#stack;
    await lab.resetCounters();
    const connects = await Promise.all(this.#targets.map((target) => tryPath(lab, target, CONNECT_MS)));
    for (const [i, target] of this.#targets.entries()) {
      const connect = connects[i];
      if (!connect) continue;
      const own = this.#primaries.get(target.mirror) === target.vm;
      claims.claim((connect.outcome === 'ok') !== own, `${target.vm} to ${target.vip} ended ${connect.outcome}`);
      claims.note(`${target.vm} to ${target.vip}${own ? ' (its own)' : ''}: ${shortConnect(connect)}`);
      const nothing = { outcome: 'none', ms: 0 };
      this.#paths.set(key(target.vm, target.vip), {
        vm: target.vm,
        frontend: target.frontend,
        vip: target.vip,
        exposure: 'none',
        verdict: 'unknown',
        proof: 'none',
        before: { outcome: connect.outcome, ms: Math.round(connect.ms) },
        after: nothing,
      });
    }
    claims.note(await packets(lab));
  }

  /** (b) The sweep repairs what can be repaired; every repaired path is then tried from inside the guest. */
  async #sweep(claims: Claims): Promise<void> {
    const { lab } = this.#stack;
    const run = await this.#stack.sweep(RUN_MS);
    this.#take(run);
    for (const vm of run.vms) claims.note(vmLine(vm));
    const repairable = run.vms.filter((vm) => vm.result !== 'blocked');
    claims.claim(repairable.length >= 2, `only ${repairable.length} VMs could be repaired`);
    claims.claim(
      repairable.every((vm) => vm.result === 'repaired'),
      'a VM was not repaired',
    );
    claims.claim(
      repairable.every((vm) =>
        vm.paths.every((path) => path.verdict === 'compliant' && path.proof.kind === wanted(path.exposure)),
      ),
      'a path is not proved',
    );
    await this.#tryAll(
      claims,
      repairable.map((vm) => vm.vm),
    );
    const counters = await lab.counters();
    claims.claim(
      counters.every((vip) => vip.flows > 0 && vip.packetsTo > 0 && vip.packetsFrom > 0),
      'packets did not pass both ways',
    );
    claims.note(await packets(lab));
  }

  /** (c) Both mirrors move; connects go on; the program verifies and changes nothing. */
  async #failOver(claims: Claims): Promise<void> {
    const { lab, estate } = this.#stack;
    const [from, to] = this.#pair();
    const moving = estate.mirrors.filter(
      (mirror) => this.#primaries.get(mirror.name) === from && mirror.members.includes(to),
    );
    await lab.resetCounters();
    await lab.lie(liesInFailover(this.#sabotage, estate, from));
    const pacing = this.#targets
      .filter(
        (target) => (target.vm === from || target.vm === to) && moving.some((mirror) => mirror.name === target.mirror),
      )
      .map((target) => ({ target, stop: startPacing(lab, target, 50, () => this.#primaries.get(target.mirror)) }));
    await pause(300);
    const began = Date.now();
    const runs = await Promise.all(
      moving.map(async (mirror) => {
        this.#primaries.set(mirror.name, to);
        const { eventId } = await this.#stack.failOver(mirror.name, to);
        return this.#stack.ended(await this.#runOf(eventId), RUN_MS);
      }),
    );
    const paces = await Promise.all(pacing.map(async ({ target, stop }) => ({ target, pace: await stop() })));
    const verifiedAt = Math.max(
      ...runs.flatMap((run) =>
        run.vms.filter((vm) => vm.vm === to).flatMap((vm) => vm.paths.map((path) => Date.parse(path.proof.at ?? ''))),
      ),
    );
    this.#failover = {
      gapMs: Math.max(...paces.map(({ pace }) => pace.gapMs)),
      failedConnects: paces.reduce((sum, { pace }) => sum + pace.failed, 0),
      verifiedMs: verifiedAt - began,
    };
    for (const run of runs) {
      this.#take(run);
      claims.claim(run.confirmation?.state === 'confirmed', `run ${run.runId} was not confirmed by the probes`);
      claims.claim(
        run.vms.every((vm) => vm.changed === 0),
        'something was changed',
      );
      const primary = run.vms.find((vm) => vm.vm === to);
      const moved =
        primary?.paths.filter((path) => moving.some((mirror) => path.frontend.endsWith(`/${mirror.frontend}`))) ?? [];
      claims.claim(
        moved.length > 0 && moved.every((path) => path.proof.kind === 'self'),
        `${to} is not proved through itself`,
      );
    }
    const lastFailed = Math.max(0, ...paces.map(({ pace }) => pace.lastFailedAt ?? 0));
    claims.claim(lastFailed < Date.now() - 500, 'connects still failed at the end');
    for (const { target, pace } of paces) {
      claims.note(
        `${target.vm} to ${target.vip}: ${pace.connects} connects, ${pace.failed} without the primary, longest gap ${pace.gapMs} ms`,
      );
    }
    claims.note(`verified ${this.#failover.verifiedMs} ms after the failover, nothing changed`);
    await this.#tryAll(claims, [from, to]);
    claims.note(await packets(lab));
  }

  /** (d) Nothing tells the program of the loss; a sweep with fresh proofs sends no command; a person names the VM. */
  async #drift(claims: Claims): Promise<void> {
    const { lab, estate } = this.#stack;
    const [vm] = this.#pair();
    await lab.exec(vm, ['bash', '-c', LOSE_EVERYTHING]);
    const own = this.#targets.filter((target) => target.vm === vm && this.#primaries.get(target.mirror) === vm);
    const lost = await Promise.all(own.map((target) => tryPath(lab, target, CONNECT_MS)));
    claims.claim(lost.length > 0 && lost.every((connect) => connect.outcome !== 'ok'), 'the loss did no harm');
    claims.note(`${vm} lost all rules and routes: ${lost.map(shortConnect).join(', ')} to its own VIPs`);
    const sentBefore = this.#puts();
    const sweep = await this.#stack.sweep(RUN_MS);
    claims.claim(this.#puts() === sentBefore && sweep.counts.commands === 0, 'the sweep sent a command');
    claims.note(
      `the sweep found ${sweep.counts.compliant} VMs with fresh proofs and sent ${this.#puts() - sentBefore} commands`,
    );
    const run = await this.#stack.run({ scope: vmId(estate, vm), mode: 'apply' }, RUN_MS);
    this.#take(run);
    const repaired = run.vms.find((item) => item.vm === vm);
    claims.claim(repaired?.result === 'repaired', `the manual run left ${vm} ${repaired?.result ?? 'out'}`);
    claims.claim(this.#puts() === sentBefore + 1, 'the manual run did not send exactly one command');
    if (repaired)
      claims.note(
        `manual run: ${vmLine(repaired)}; found ${[...new Set(repaired.paths.flatMap((path) => path.before?.drift ?? []))].join(', ')}`,
      );
    await lab.resetCounters();
    await this.#tryAll(claims, [vm]);
    claims.note(await packets(lab));
  }

  /** (e) What no program can repair is said with what to do. */
  async #blocked(claims: Claims): Promise<void> {
    const bare = this.#stack.estate.vms.filter((vm) => vm.nics.length === 1).map((vm) => vm.name);
    const run = await this.#stack.sweep(RUN_MS);
    this.#take(run);
    claims.claim(bare.length > 0, 'the estate has no VM with one NIC');
    for (const name of bare) {
      const vm = run.vms.find((item) => item.vm === name);
      const finding = vm?.paths.flatMap((path) => path.findings).find((item) => item.code === 'NO_SECONDARY_NIC');
      claims.claim(vm?.result === 'blocked' && finding !== undefined, `${name} is not reported as blocked`);
      if (finding) claims.note(`${name} is blocked, ${finding.code}: ${finding.text}`);
    }
  }

  /** The VM that holds two or more primaries now, and the other member that can take them all. */
  #pair(): [string, string] {
    const { mirrors } = this.#stack.estate;
    const counts = Map.groupBy(mirrors, (mirror) => this.#primaries.get(mirror.name));
    const [from, held] = [...counts].toSorted((a, b) => b[1].length - a[1].length)[0] ?? [];
    const to = held?.[0]?.members.find(
      (member) => member !== from && held.every((mirror) => mirror.members.includes(member)),
    );
    if (from === undefined || to === undefined) throw new Error('no VM holds primaries that another could take');
    return [from, to];
  }

  /** Another failover, for a person who asks for one. */
  async failOverAgain(): Promise<void> {
    await this.#play('failover: on request', (claims) => this.#failOver(claims));
  }

  async #runOf(eventId: string): Promise<string> {
    const signal = await this.#stack.step((item) => item.step === 'signal' && item.eventId === eventId, RUN_MS);
    return String(signal.runId);
  }

  #puts(): number {
    return this.#stack.arm.calls.filter((call) => call.method === 'PUT' && /\/runCommands\//i.test(call.path)).length;
  }

  async #tryAll(claims: Claims, vms: readonly string[]): Promise<void> {
    for (const target of this.#targets.filter((item) => vms.includes(item.vm))) {
      const connect = await tryPath(this.#stack.lab, target, CONNECT_MS);
      claims.claim(connect.outcome === 'ok', `${target.vm} to ${target.vip} ended ${connect.outcome}`);
      const path = this.#paths.get(key(target.vm, target.vip));
      if (path) path.after = { outcome: connect.outcome, ms: Math.round(connect.ms) };
    }
  }

  #take(run: RunView): void {
    for (const vm of run.vms) {
      for (const path of vm.paths) {
        const known = this.#paths.get(key(vm.vm, path.vip));
        if (known) Object.assign(known, { exposure: path.exposure, verdict: path.verdict, proof: path.proof.kind });
      }
    }
  }
}

/** Everything of ours goes, as after `ip rule flush` by somebody who means well; the kernel's own rules stay. */
const LOSE_EVERYTHING = `
for table in $(seq 7201 7210); do ip route flush table $table 2>/dev/null; done
while ip rule del protocol 201 2>/dev/null; do :; done
true`;

const key = (vm: string, vip: string): string => `${vm} ${vip}`;
const wanted = (exposure: string): string => (exposure === 'active' ? 'self' : 'remote');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const vmLine = (vm: RunView['vms'][number]): string =>
  `${vm.vm} ${vm.result}${vm.changed > 0 ? ` (${vm.changed} changes)` : ''}${vm.paths
    .filter((path) => path.after)
    .map((path) => `, ${path.vip} ${path.before?.outcome} -> ${path.after?.outcome} (${path.proof.kind})`)
    .join('')}`;
