/** The page over the built app on simulated Azure: what a person sees of a run from the click to its end. */
import test from 'ava';
import type { Browser } from 'playwright-core';
import { type App, LONG_MS, startApp } from '../functions/app.ts';
import { missing, testNeeding } from '../needs.ts';
import { openBrowser, openPage } from './browser.ts';

const browserTest = testNeeding(['chromium']);

let app: App;
let browser: Browser;
test.before(async (t) => {
  t.timeout(LONG_MS);
  if (missing(['chromium']).length > 0) return;
  [app, browser] = await Promise.all([startApp(), openBrowser()]);
});
test.after.always(async () => {
  await Promise.all([app?.stop(), browser?.close()]);
});

browserTest(
  'apply by the page: the plan is confirmed, the run is followed to its end, and the estate turns',
  async (t) => {
    t.timeout(3 * LONG_MS);
    const { page, complaints, origins } = await openPage(browser, `${app.host.url}/api/dashboard`, {
      viewport: { width: 1400, height: 900 },
    });
    page.setDefaultTimeout(LONG_MS);
    // Nobody looked into a guest yet.
    await page.locator('td.unknown').first().waitFor();
    t.is(await page.locator('td.proved').count(), 0);

    await page.goto(`${app.host.url}/api/dashboard#/runs`);
    await page.getByRole('button', { name: 'Apply…' }).click();
    const go = page.getByRole('button', { name: 'Apply this plan' });
    await page.locator('dialog h3', { hasText: 'Order' }).waitFor();
    t.deepEqual(app.puts(), [], 'a plan enters no guest');
    t.true(await go.isEnabled());
    await go.click();

    const run = page.getByRole('region', { name: 'One run' });
    await run.getByText('ended', { exact: true }).waitFor();
    t.true(app.puts().length >= 2);
    const rows = await run.locator('tbody tr').allTextContents();
    t.is(rows.filter((text) => text.includes('repaired')).length, 2, rows.join('\n'));
    t.true(
      rows.some((text) => text.includes('hs-c') && text.includes('blocked')),
      rows.join('\n'),
    );

    await page.getByRole('link', { name: 'Estate' }).click();
    await page.locator('td.proved').first().waitFor();
    t.is(await page.locator('td.proved').count(), 2);
    t.is(await page.locator('td.set').count(), 2);
    await page.locator('td.proved').first().click();
    await page.locator('.draw .way.works').first().waitFor({ state: 'attached' });
    t.is(await page.locator('.steps li').count(), 5);
    t.deepEqual(complaints, []);
    t.deepEqual([...origins], [app.host.url]);
  },
);
