/** Calls between the lab's processes over Node's own IPC channel: one side serves an object, the other calls its methods. */
import { type BirpcReturn, createBirpc } from 'birpc';

/** What a ChildProcess and `process` of a child have in common. */
export interface Channel {
  send?(message: unknown, callback?: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/** An object of another process: each of its methods gives a promise. */
export type Remote<T extends object> = BirpcReturn<T>;

/** A script takes as long as it may; the channel tells when the other side is gone. */
const NO_LIMIT = -1;

/** Answers calls with the object's methods. */
export function serve(channel: Channel, target: object): void {
  createBirpc(target, {
    post: (message) => channel.send?.(message),
    on: (take) => void channel.on('message', take),
    bind: 'functions',
    timeout: NO_LIMIT,
  });
}

/** The object on the other side. Calls reject with the other side's error, or with `gone()` once it is not there any more. */
export function remote<T extends object>(channel: Channel, gone: () => Error): Remote<T> {
  const rejectAll = () => rpc.$rejectPendingCalls(({ reject }) => reject(gone()));
  const rpc = createBirpc<T>(
    {},
    {
      // Nothing is waited for here: a call is answered, or the channel tells that it cannot be.
      post: (message) => void channel.send?.(message, (error) => error && rejectAll()),
      on: (take) => void channel.on('message', take),
      timeout: NO_LIMIT,
    },
  );
  channel.on('disconnect', rejectAll);
  return rpc;
}
