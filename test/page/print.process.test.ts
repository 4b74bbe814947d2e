/** The page on paper: all that is in it, black on white, and nothing that can only be pressed. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test, { type ExecutionContext } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { PAGE_FOLDER, writePage } from '../../page/bundle.ts';
import { until } from '../../simulator/until.ts';
import { NOW } from '../helpers/estate.ts';
import { missing, testNeeding } from '../needs.ts';
import { answersOf, historyReply, RUN, runOf } from './answers.ts';
import { openBrowser, openPage } from './browser.ts';
import { type Answers, fakeApp } from './fakeApp.ts';
import { hospital, vast } from './samples.ts';

const browserTest = testNeeding(['chromium']);
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What a sheet of A4 with the browser's margins of a centimetre holds, pixels. */
const SHEET = { width: 718, height: 1046 };

let browser: Browser;
test.before(async () => {
  await writePage(PAGE_FOLDER);
  if (missing(['chromium']).length === 0) browser = await openBrowser();
});
test.after.always(() => browser?.close());

async function opened(t: ExecutionContext, answers: Answers, hash: string, options = {}): Promise<Page> {
  const app = await fakeApp(answers);
  app.date = NOW + 4000;
  const { page } = await openPage(browser, `${app.url}/api/dashboard${hash}`, { viewport: SHEET, ...options });
  t.teardown(async () => {
    await page.context().close();
    await app.close();
  });
  await page.locator('main section').first().waitFor();
  return page;
}

/** A month of more paths than are shown at first, as reply. */
function longHistory() {
  const reply = historyReply(hospital());
  const { paths, ...rest } = reply.body as { paths: object[] };
  const many = Array.from({ length: 310 }, (_, i) => {
    const name = `old-${String(i).padStart(3, '0')}`;
    return { ...paths[0], vm: name, vmId: name };
  });
  return { ...reply, body: { ...rest, paths: [...paths, ...many] } };
}

const answersOfAll = (): Answers => ({
  ...answersOf(hospital()),
  'GET /api/runs': { body: { runs: [runOf('running'), runOf('settled')] } },
  'GET /api/runs/*': { body: runOf('running') },
});

const VIEWS = ['#/estate?vm=hs-a&vip=10.0.1.100', '#/findings', `#/runs?run=${RUN}`, '#/history'];

/** Elements that can be seen and are wider than the sheet, or hide a part of what is in them. */
const CUT = `[...document.querySelectorAll('main, main *, header, header *')].filter((one) => {
  if (!one.checkVisibility({ checkVisibilityCSS: true }) || one.closest('svg, .vh, .skip')) return false;
  const { overflowX, overflowY } = getComputedStyle(one);
  const hides = (overflow, has, shows) => overflow !== 'visible' && has > shows + 1;
  return one.getBoundingClientRect().right > ${SHEET.width} + 1 ||
    hides(overflowX, one.scrollWidth, one.clientWidth) || hides(overflowY, one.scrollHeight, one.clientHeight);
}).map((one) => one.outerHTML.slice(0, 120))`;

browserTest('in a dark browser too: black on white, no controls, nothing cut off, and serious to nobody', async (t) => {
  const page = await opened(t, answersOfAll(), '', { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: await readFile(AXE, 'utf8') });
  for (const hash of VIEWS) {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page
      .locator(hash.includes('estate') ? '.steps' : 'main section:not(.no-print)')
      .first()
      .waitFor();
    const isThere = () => page.evaluate('document.title.toLowerCase().startsWith(location.hash.slice(2, 6))');
    await until(`the view ${hash}`, async () => (await isThere()) === true);
    t.deepEqual(
      await page.evaluate(`[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]`),
      ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'],
      hash,
    );
    t.deepEqual(
      await page.evaluate(
        `[...document.querySelectorAll('button, input, select, textarea, nav a, .skip')].filter((one) => one.checkVisibility()).map((one) => one.outerHTML)`,
      ),
      [],
      hash,
    );
    t.deepEqual(await page.evaluate(CUT), [], hash);
    const { result } = await session.send('Runtime.evaluate', {
      expression: `axe.run({ runOnly: ['color-contrast'] }).then(({ violations }) => violations.map(({ nodes }) => nodes.map(({ html, failureSummary }) => html + failureSummary).join()))`,
      awaitPromise: true,
      returnByValue: true,
    });
    t.deepEqual(result.value, [], hash);
  }
});

browserTest('which scenario is drawn is said, where the buttons that say it are not there', async (t) => {
  const page = await opened(t, answersOfAll(), '#/estate?vm=hs-a&vip=10.0.1.102');
  await page.locator('.steps').waitFor();
  await page.getByRole('button', { name: 'with the fix' }).click();
  const said = page.getByText('Drawn: were hs-a primary, with the fix.');
  t.false(await said.isVisible());
  await page.emulateMedia({ media: 'print' });
  t.true(await said.isVisible());
});

testNeeding(['chromium', 'pdftotext'])(
  'a PDF has each VM and VIP of an estate of which the page shows a part, and what is folded',
  async (t) => {
    const sample = vast();
    const page = await opened(t, answersOf(sample), '#/estate');
    const rows = () => page.locator('.matrix tbody th[scope=row]').count();
    const { groups } = sample.view;
    const all = groups.reduce((sum, { vms }) => sum + vms.length, 0);
    const shown = await rows();
    t.true(shown < all, `${shown} of ${all} rows are in the document`);

    const text = await textOf(page);
    for (const { vms, frontends, loadBalancers } of groups) {
      for (const { name } of [...vms, ...loadBalancers]) t.true(text.includes(name), name);
      for (const { name, vip } of frontends) t.true(text.includes(name) && text.includes(vip), `${name} ${vip}`);
    }
    t.notRegex(text, /Show all|Search VM/);
    t.true(text.includes('as of 01/01/2026, 00:00:04'), 'with its day');
    await until('a part again', async () => (await rows()) <= shown);

    await page.emulateMedia({ media: 'print' });
    await until('all rows', async () => (await rows()) >= all);
    t.deepEqual(await page.evaluate(CUT), []);
    const cells = groups.reduce((sum, { vms }) => sum + vms.reduce((n, { paths }) => n + paths.length, 0), 0);
    t.is(await page.locator('.matrix td.path').count(), cells, 'every path');
  },
);

testNeeding(['chromium', 'pdftotext'])('a PDF has every path of the history and of the findings', async (t) => {
  const sample = vast();
  const page = await opened(t, { ...answersOf(sample), 'GET /api/history': longHistory() }, '#/history');
  const history = await textOf(page);
  for (const name of ['old-000', 'old-299', 'old-309']) t.true(history.includes(name), name);
  await page.evaluate(`location.hash = '#/findings'`);
  await page.getByText('and 10 more').waitFor();
  const findings = await textOf(page);
  t.notRegex(findings, /and 10 more/);
  for (const { vms } of sample.view.groups) {
    for (const { name, paths } of vms)
      if (paths.some((path) => path.findings.length > 0)) t.true(findings.includes(name), name);
  }
});

browserTest('a search is told on paper: what it does not find is not printed', async (t) => {
  const page = await opened(t, answersOfAll(), '#/estate?q=hs-c');
  await page.emulateMedia({ media: 'print' });
  t.true(await page.getByText('Only what has “hs-c” in it is printed.').isVisible());
});

/** What a PDF of the page says, with each run of blanks as one. */
async function textOf(page: Page): Promise<string> {
  const pdf = await page.pdf({ format: 'A4', margin: { top: '1cm', right: '1cm', bottom: '1cm', left: '1cm' } });
  const text = execFileSync('/usr/bin/pdftotext', ['-', '-'], { input: pdf, encoding: 'utf8', maxBuffer: 1 << 26 });
  return text.replaceAll(/\s+/g, ' ');
}
