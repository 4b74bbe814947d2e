/** Calls between the lab's processes over Node's own IPC channel: one side serves an object, the other calls its methods. */

/** What a ChildProcess and `process` of a child have in common. */
export interface Channel {
  send?(message: unknown, callback?: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

interface Call {
  id: number;
  method: string;
  args: unknown[];
}
interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}
export interface Note {
  note: string;
}

/** Answers calls with the object's methods. */
export function serve(channel: Channel, target: object): void {
  const methods = target as Record<string, (...args: unknown[]) => unknown>;
  channel.on('message', (message) => {
    const { id, method, args } = message as Call;
    const answer = (fields: Omit<Answer, 'id'>) => channel.send?.({ id, ...fields } satisfies Answer);
    const called = (async () => {
      const call = methods[method];
      if (!call) throw new Error(`no method ${method}`);
      return call.apply(target, args);
    })();
    called.then(
      (result) => answer({ result }),
      (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
}

/** The object on the other side. Calls reject with the other side's message, or with `gone()` once it is not there any more. */
export function remote<T extends object>(channel: Channel, gone: () => Error, onNote?: (text: string) => void): T {
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  let ended = false;
  channel.on('message', (message) => {
    if (typeof (message as Note).note === 'string') return onNote?.((message as Note).note);
    const { id, result, error } = message as Answer;
    const call = open.get(id);
    open.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error));
  });
  channel.on('disconnect', () => {
    ended = true;
    for (const call of open.values()) call.reject(gone());
    open.clear();
  });
  const call = (method: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(gone());
      const id = ++last;
      open.set(id, { resolve, reject });
      channel.send?.({ id, method, args } satisfies Call, (error) => {
        if (error && open.delete(id)) reject(gone());
      });
    });
  return new Proxy({} as T, {
    // A promise's `then` must not look like a method, or awaiting the object would call it.
    get: (_, name) =>
      typeof name === 'string' && name !== 'then' ? (...args: unknown[]) => call(name, args) : undefined,
  });
}
