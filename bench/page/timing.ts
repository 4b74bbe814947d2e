/** How long a browser takes from an input of a person until the frame in which what it brings has been drawn. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';

/**
 * Runs in the page before anything of its own: notes when an input came, and looks at each frame whether what is waited
 * for is in the document; a message that is posted in a frame comes when that one has been drawn.
 */
const WATCH = `
window.bench = {
  input: undefined,
  drawn: new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.matrix td.path')) return;
      observer.disconnect();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage('');
      });
    }).observe(document, { childList: true, subtree: true });
  }),
  until(isThere) {
    bench.input = undefined;
    bench.shown = new Promise((resolve) => {
      const look = () => {
        if (bench.input === undefined || !isThere()) return requestAnimationFrame(look);
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now() - bench.input);
        port2.postMessage('');
      };
      requestAnimationFrame(look);
    });
  },
};
for (const kind of ['click', 'keydown'])
  addEventListener(kind, ({ timeStamp }) => { bench.input ??= timeStamp; }, { capture: true });
`;

/** To be called before a page is opened. */
export async function watch(page: Page): Promise<void> {
  await page.addInitScript(WATCH);
}

/** Of an opened page: milliseconds from the beginning of the navigation. */
export const paints = (page: Page): Promise<{ first: number; estate: number }> =>
  page.evaluate<{ first: number; estate: number }>(`bench.drawn.then((estate) => new Promise((resolve) => {
    // Told some time after the frame.
    new PerformanceObserver((list) => {
      const [entry] = list.getEntriesByName('first-contentful-paint');
      if (entry) resolve({ first: entry.startTime, estate });
    }).observe({ type: 'paint', buffered: true });
  }))`);

export interface Interaction {
  what: string;
  /** What a person does: a key, or a click on an element. */
  act: { key: string } | { click: string };
  /** An expression that is true in the page once it shows what this brings. */
  shows: string;
}

const MOST_MS = 20_000;

/**
 * What the page's own thread has worked so far, milliseconds of processor time: what else the machine does is not in it.
 * Asks over a session whose domain `Performance` is enabled with `threadTicks`.
 */
export async function workOf(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  const parts = ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'];
  return 1000 * metrics.reduce((sum, { name, value }) => sum + (parts.includes(name) ? value : 0), 0);
}

/** Milliseconds from the input until the frame that shows what it brings. Throws when it never does. */
export async function take(page: Page, { what, act, shows }: Interaction): Promise<number> {
  // The browser has nothing else to do: what came before has been drawn.
  const box = 'click' in act ? await page.locator(act.click).first().boundingBox() : undefined;
  await page.evaluate('new Promise((resolve) => requestIdleCallback(resolve, { timeout: 1000 }))');
  await page.evaluate(`bench.until(() => ${shows})`);
  if ('key' in act) await page.keyboard.press(act.key);
  else if (box) await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  else throw new Error(`${act.click} is not in sight`);
  const took = page.evaluate<number>('bench.shown');
  const never = sleep(MOST_MS, undefined, { ref: false }).then(() => Promise.reject(new Error(`never shown: ${what}`)));
  return Promise.race([took, never]);
}
