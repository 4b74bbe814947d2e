/** Looks at a guest's rules, routes and addresses some forty times a second, by one `ip` that never ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { now, sleep } from './clock.ts';
import { type Look, readLook } from './state.ts';

const EVERY_MS = 20;
/** What `ip` prints last in each round. */
const LAST = /^1: lo: /m;

export type Sample = Look & { at: number };

export class Sampler {
  readonly #addresses: string[];
  #namespace = '';
  #samples: Sample[] = [];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(addresses: string[]) {
    this.#addresses = addresses;
  }

  start(namespace: string): void {
    this.#namespace = namespace;
    const child = spawn('ip', ['-n', namespace, '-4', '-o', '-force', '-batch', '-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child = child;
    this.#ended = this.#loop(child);
  }

  /** Starts it anew: `ip` keeps the names of interfaces that it has once seen. */
  async forgetNames(): Promise<void> {
    await this.stop();
    this.start(this.#namespace);
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    await this.#ended;
  }

  /** The samples since the last call. */
  take(): Sample[] {
    const taken = this.#samples;
    this.#samples = [];
    return taken;
  }

  /** The last sample; undefined right after start or take. */
  last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  async #loop(child: ChildProcess): Promise<void> {
    let text = '';
    let heard = () => {};
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      heard();
    });
    child.on('close', () => heard());
    child.stdin?.on('error', () => {}); // it was killed: the loop sees that
    while (this.#child === child && child.exitCode === null) {
      const at = now();
      text = '';
      child.stdin?.write('rule show\nroute show table all proto 201\naddr show\nlink show lo\n');
      while (!LAST.test(text) && this.#child === child) {
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
      if (this.#child === child) this.#samples.push({ at, ...readLook(text, this.#addresses) });
      await sleep(EVERY_MS);
    }
  }
}
