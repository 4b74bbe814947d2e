/** The page over the built app and real network stacks: what a person sees of a repair, and that the guests are as it says. */
import test from 'ava';
import type { Browser } from 'playwright-core';
import { articleEstate } from '../../simulator/estate/articleEstate.ts';
import { startKernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../simulator/guests/lab.ts';
import { wrapLab } from '../../simulator/guests/wrap.ts';
import { type Stack, startStack } from '../../simulator/stack.ts';
import { until } from '../../simulator/until.ts';
import { KERNEL, missing, type Need, testNeeding } from '../needs.ts';
import { openBrowser, openPage } from './browser.ts';

const NEEDS: Need[] = [...KERNEL, 'chromium'];
/** How long anything may take on a machine that is busy with other things. */
const LONG_MS = 240_000;
const UCR = { address: '10.0.1.100', port: 1972, timeoutMs: 1000 };

/** Scripts that wait until the page was seen to show them, in the order in which they came. */
const waiting: (() => void)[] = [];
const inTurn = (lab: GuestLab): GuestLab =>
  wrapLab(lab, {
    runScript: async (...args) => {
      await new Promise<void>((go) => waiting.push(go));
      return lab.runScript(...args);
    },
  });
const nextScript = (): Promise<() => void> => until('a script in a guest', () => waiting.shift(), LONG_MS);

let stack: Stack;
let browser: Browser;
test.before(async (t) => {
  t.timeout(LONG_MS);
  if (missing(NEEDS).length > 0) return;
  [stack, browser] = await Promise.all([
    startStack({
      estate: articleEstate(),
      lab: async (estate) => inTurn(await startKernelLab({ estate })),
      commandMs: 100,
      port: 0,
    }),
    openBrowser(),
  ]);
});
test.after.always(async () => {
  await Promise.all([stack?.stop(), browser?.close()]);
});

testNeeding(NEEDS)(
  'a repair by the page, on real network stacks: seen under way, ended, and true in the guest',
  async (t) => {
    t.timeout(3 * LONG_MS);
    const { page, complaints, origins } = await openPage(browser, `${stack.host.url}/api/dashboard#/runs`, {
      viewport: { width: 1400, height: 900 },
    });
    page.setDefaultTimeout(LONG_MS);
    t.is((await stack.lab.connect('hs-a', UCR)).outcome, 'timeout', 'the hairpin, before');

    await page.getByRole('button', { name: 'Apply…' }).click();
    await page.locator('dialog h3', { hasText: 'Order' }).waitFor();
    await page.getByRole('button', { name: 'Apply this plan' }).click();

    const run = page.getByRole('region', { name: 'One run' });
    await run.getByText('running', { exact: true }).waitFor();
    // One member after the other: hs-c, which a person must help, has ended at once.
    for (const ended of ['1 of 3 VMs ended', '2 of 3 VMs ended']) {
      const go = await nextScript();
      await run.getByText(ended).waitFor();
      await run.locator('tbody tr', { hasText: 'commanded' }).waitFor();
      go();
    }
    await run.getByText('ended', { exact: true }).waitFor();
    const rows = await run.locator('tbody tr').allTextContents();
    t.is(rows.filter((text) => /repaired.*connect ok in \d+ ms/.test(text)).length, 2, rows.join('\n'));

    // What the page says and what connections inside the guests do are the same.
    await page.getByRole('link', { name: 'Estate' }).click();
    await page.locator('td.proved').first().waitFor();
    t.is(await page.locator('td.proved').count(), 2);
    t.is(await page.locator('td.set').count(), 2);
    for (const vm of ['hs-a', 'hs-b']) t.is((await stack.lab.connect(vm, UCR)).outcome, 'ok', vm);
    await page.locator('td.proved').first().click();
    const panel = page.getByRole('region', { name: 'The chosen connection' });
    await panel.locator('.way.works').first().waitFor({ state: 'attached' });
    await panel.getByText(/10\.0\.1\.\d+:\d+ accepted it/).waitFor();
    await panel.getByText(/^Verdict compliant, exposure active: since \d/).waitFor();
    t.deepEqual(complaints, []);
    t.deepEqual([...origins], [stack.host.url]);
  },
);
