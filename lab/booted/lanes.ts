/** Work on things that are opened when they are first needed, a few of them open at a time. */

interface Lane<T> {
  /** Undefined when the next piece of work must open it anew. */
  opened: Promise<T> | undefined;
  /** Work that was asked for and is not done. */
  pending: number;
  /** The last piece of work: one at a time per thing. */
  turn: Promise<unknown>;
}

/** How things are opened, closed for a while, and thrown away when work on them has failed. */
export interface Handling<T> {
  open(name: string): Promise<T>;
  /** It may be opened again, and then goes on as it is. */
  close(thing: T): Promise<void>;
  /** Also called for one that did not open. What is opened by this name later must be as new. */
  discard(name: string): Promise<void>;
}

export class Lanes<T> {
  readonly #most: number;
  readonly #handling: Handling<T>;
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(most: number, handling: Handling<T>) {
    this.#most = most;
    this.#free = this.#most;
    this.#handling = handling;
  }

  /**
   * Runs work on a thing after what was asked of it before. One with nothing to do is closed when another needs its
   * place. One whose work failed, by an error or by what `failed` says of the result, is discarded.
   */
  async run<R>(name: string, work: (thing: T) => Promise<R>, failed: (result: R) => boolean = () => false): Promise<R> {
    let lane = this.#lanes.get(name);
    if (!lane) {
      const { open } = this.#handling;
      lane = { opened: this.#takePlace().then(() => open(name)), pending: 0, turn: Promise.resolve() };
      this.#lanes.set(name, lane);
    }
    const own = lane;
    own.pending += 1;
    const done = own.turn.then(() => this.#work(name, own, work, failed));
    own.turn = done.catch(() => {}); // the caller has the error
    try {
      return await done;
    } finally {
      own.pending -= 1;
      if (own.pending === 0 && this.#waiting.length > 0) await this.#shut(name, own);
    }
  }

  async #work<R>(
    name: string,
    lane: Lane<T>,
    work: (thing: T) => Promise<R>,
    failed: (result: R) => boolean,
  ): Promise<R> {
    let isWhole = false;
    try {
      lane.opened ??= this.#handling.open(name);
      const result = await work(await lane.opened);
      isWhole = !failed(result);
      return result;
    } finally {
      if (!isWhole) {
        lane.opened = undefined;
        await this.#handling.discard(name);
      }
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
      if (lane.opened) await this.#handling.close(await lane.opened);
    } catch {
      await this.#handling.discard(name); // nobody's work is at stake
    }
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
