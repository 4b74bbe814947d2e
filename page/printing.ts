/** Whether the page goes to paper: then all of it is drawn, whatever is in sight, and nothing is folded. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';

/** True while the page is printed. */
export const Printing = createContext(false);
export const usePrinting = (): boolean => useContext(Printing);

/** Follows the browser: a print that begins, and a screen that shows what would be printed. */
export function usePrintEvents(): boolean {
  const [isPrinting, setPrinting] = useState(() => matchMedia('print').matches);
  useEffect(() => {
    const media = matchMedia('print');
    let unfolded: HTMLDetailsElement[] = [];
    const set = (on: boolean): void => {
      setPrinting(on);
      // The browser takes the page as it is when this event is over: drawn anew by then, and after that unfolded.
      queueMicrotask(() => {
        if (on) {
          const folded = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
          for (const one of folded) one.open = true;
          unfolded.push(...folded);
        } else {
          for (const one of unfolded) one.open = false;
          unfolded = [];
        }
      });
    };
    const begin = (): void => set(true);
    const follow = (): void => set(media.matches);
    addEventListener('beforeprint', begin);
    addEventListener('afterprint', follow);
    media.addEventListener('change', follow);
    return () => {
      removeEventListener('beforeprint', begin);
      removeEventListener('afterprint', follow);
      media.removeEventListener('change', follow);
    };
  }, []);
  return isPrinting;
}
