/** Work on things that are opened when they are first needed, a few of them open at a time. */

interface Lane<T> {
  opened: Promise<T>;
  /** Work that was asked for and is not done. */
  pending: number;
  /** The last piece of work: one at a time per thing. */
  turn: Promise<unknown>;
}

export class Lanes<T> {
  readonly #most: number;
  readonly #open: (name: string) => Promise<T>;
  readonly #close: (thing: T) => Promise<void>;
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(most: number, open: (name: string) => Promise<T>, close: (thing: T) => Promise<void>) {
    this.#most = most;
    this.#free = this.#most;
    this.#open = open;
    this.#close = close;
  }

  /** Runs work on a thing after what was asked of it before. One with nothing to do is closed when another needs its place. */
  async run<R>(name: string, work: (thing: T) => Promise<R>): Promise<R> {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { opened: this.#takePlace().then(() => this.#open(name)), pending: 0, turn: Promise.resolve() };
      this.#lanes.set(name, lane);
    }
    const own = lane;
    own.pending += 1;
    const done = own.turn.then(async () => work(await own.opened));
    own.turn = done.catch(() => {}); // the caller has the error
    try {
      return await done;
    } finally {
      own.pending -= 1;
      if (own.pending === 0 && this.#waiting.length > 0) await this.#shut(name, own);
    }
  }

  async #takePlace(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const given = new Promise<void>((resolve) => this.#waiting.push(resolve));
    const idle = [...this.#lanes].find(([, lane]) => lane.pending === 0);
    if (idle) await this.#shut(...idle);
    await given;
  }

  /** Closes a thing and gives its place to whoever waits longest. */
  async #shut(name: string, lane: Lane<T>): Promise<void> {
    this.#lanes.delete(name);
    try {
      await this.#close(await lane.opened);
    } catch {
      // One that never opened, or does not close, has failed its own work already.
    }
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
