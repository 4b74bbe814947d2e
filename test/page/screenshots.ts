/** `npm run screenshots`: the page as it looks, light, dark and on a phone, for docs/images. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { PAGE_FOLDER, writePage } from '../../page/bundle.ts';
import { NOW } from '../helpers/estate.ts';
import { answersOf, RUN, runOf } from './answers.ts';
import { openBrowser, openPage } from './browser.ts';
import { fakeApp } from './fakeApp.ts';
import { hospital } from './samples.ts';

const FOLDER = process.argv[2] ?? join(import.meta.dirname, '../../docs/images');

const WIDE = { viewport: { width: 1360, height: 1010 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const SHOTS: [name: string, hash: string, options: BrowserContextOptions][] = [
  ['estate-light', '#/estate?vm=hs-a&vip=10.0.1.100', WIDE],
  ['estate-dark', '#/estate?vm=hs-c&vip=10.0.1.100', { ...WIDE, colorScheme: 'dark' }],
  ['estate-phone', '#/estate?vm=hs-a&vip=10.0.1.102', PHONE],
  ['run-light', `#/runs?run=${RUN}`, { viewport: { width: 1360, height: 640 } }],
  ['history-light', '#/history', { viewport: { width: 1360, height: 640 } }],
];

await writePage(PAGE_FOLDER);
await mkdir(FOLDER, { recursive: true });
const runs = [
  runOf('running'),
  runOf('settled', { runId: 'b'.repeat(32), signal: 'failover', acceptedAt: new Date(NOW - 1800_000).toISOString() }),
  runOf('settled', { runId: 'c'.repeat(32), signal: 'sweep', acceptedAt: new Date(NOW - 3600_000).toISOString() }),
];
const app = await fakeApp({
  ...answersOf(hospital()),
  'GET /api/runs': { body: { runs } },
  'GET /api/runs/*': { body: runs[0] },
});
app.date = NOW + 4000;
const browser = await openBrowser();
try {
  for (const [name, hash, options] of SHOTS) {
    const { page } = await openPage(browser, `${app.url}/api/dashboard${hash}`, options);
    await page.locator('main section').first().waitFor();
    if (hash.includes('estate')) await page.locator('.steps').waitFor();
    await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled' });
    await page.context().close();
    console.log(join(FOLDER, `${name}.png`));
  }
} finally {
  await browser.close();
  await app.close();
}
