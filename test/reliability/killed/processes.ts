/** Processes that wait for work with everything loaded, so that a killed one is replaced at once. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Order } from './orders.ts';

export class Processes {
  readonly #file: string;
  readonly #env: Record<string, string>;
  readonly #free: ChildProcess[] = [];
  readonly #waiting: ((child: ChildProcess) => void)[] = [];
  readonly #all = new Set<ChildProcess>();
  #stopped = false;
  #broken: ((error: Error) => void)[] = [];
  /** Processes that ended by SIGKILL, as they were told to. */
  killed = 0;

  /** @param folder Where the built process is. */
  constructor(folder: string, count: number, env: Record<string, string>) {
    this.#file = join(folder, 'index.js');
    this.#env = { ...env, NODE_COMPILE_CACHE: join(folder, 'cache') };
    for (let i = 0; i < count; i += 1) this.#start();
  }

  #start(): void {
    if (this.#stopped) return;
    const child = fork(this.#file, [], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...this.#env, PATH: process.env.PATH ?? '', TMPDIR: process.env.TMPDIR ?? '/tmp' },
    });
    this.#all.add(child);
    child.once('message', () => this.#release(child));
    child.once('exit', (code, signal) => {
      this.#all.delete(child);
      const at = this.#free.indexOf(child);
      if (at >= 0) this.#free.splice(at, 1);
      if (!this.#stopped && signal !== 'SIGKILL') {
        for (const reject of this.#broken) reject(new Error(`a process ended by itself: ${code} ${signal}`));
      }
      this.#start();
    });
  }

  #release(child: ChildProcess): void {
    const next = this.#waiting.shift();
    if (next) next(child);
    else this.#free.push(child);
  }

  async #take(): Promise<ChildProcess> {
    const child = this.#free.shift();
    if (child) return child;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Gives the order to a process; resolves to `killed` when that was its end. */
  async work(order: Order): Promise<Answer | 'killed'> {
    const child = await this.#take();
    const broken = Promise.withResolvers<never>();
    this.#broken.push(broken.reject);
    const aborter = new AbortController();
    try {
      child.send(order);
      const { signal } = aborter;
      const end = await Promise.race([
        once(child, 'message', { signal }).then(([answer]) => answer as Answer),
        once(child, 'exit', { signal }).then(() => 'killed' as const),
        broken.promise,
      ]);
      if (end === 'killed') this.killed += 1;
      else this.#release(child);
      return end;
    } finally {
      aborter.abort();
      this.#broken = this.#broken.filter((reject) => reject !== broken.reject);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const ends = [...this.#all].map((child) => once(child, 'exit'));
    for (const child of this.#all) child.disconnect();
    await Promise.all(ends);
  }
}
