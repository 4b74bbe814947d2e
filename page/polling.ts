/** Asks the app again and again while somebody looks, and keeps what it had where there is no answer. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ask, heard, type Polled } from './api.ts';

/** What is polled at a path; nothing without one. `every`: milliseconds. */
export function usePolled<T>(path: string | undefined, every: number): [Polled<T>, refresh: () => void] {
  const [known, setKnown] = useState<{ path: string | undefined; it: Polled<T> }>({ path, it: {} });
  const [turn, setTurn] = useState(0);
  const latest = useRef(known);
  latest.current = known;
  useEffect(() => {
    if (path === undefined) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      clearTimeout(timer);
      const before = latest.current.path === path ? latest.current.it : {};
      const answer = await ask<T>(path, { etag: before.etag });
      if (isOver) return;
      latest.current = { path, it: heard(before, answer) };
      setKnown(latest.current);
      // Nobody looks: the next look comes when somebody does.
      if (!document.hidden) timer = setTimeout(look, every);
    };
    const onShown = (): void => {
      if (!document.hidden) void look();
    };
    document.addEventListener('visibilitychange', onShown);
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onShown);
    };
  }, [path, every, turn]);
  const refresh = useCallback(() => setTurn((n) => n + 1), []);
  return [known.path === path ? known.it : {}, refresh];
}

/** The time of `clock`, told anew each so many milliseconds, so that ages on the page grow. */
export function useNow(every: number, clock: () => number): number {
  const [, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTurn((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [every]);
  return clock();
}
