/** `assess --html`: the estate drawn in one file, in a real browser, with nobody to ask. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { PAGE_FOLDER, writePage } from '../../page/bundle.ts';
import { testNeeding } from '../needs.ts';
import { openBrowser, openPage } from '../page/browser.ts';
import { withArm } from '../simulator/arm/withArm.ts';
import { assess } from './cli.ts';

const PERSON = {
  authorize: (_: unknown, action: string) => /\/(read|health\/action)$/.test(action),
};

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assess-html-'));
  await writePage(PAGE_FOLDER);
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

testNeeding(['chromium'])(
  'the estate drawn in a file: the words of the report, the way of each connection',
  async (t) => {
    const { arm } = await withArm(t, PERSON);
    const file = join(folder, 'estate.html');
    const { code, stdout } = await assess(arm, ['--html', file, '--json']);
    t.is(code, 2);
    const { paths } = JSON.parse(stdout) as { paths: { vm: string; vip: string; state: string; exposure: string }[] };
    const browser = await openBrowser();
    t.teardown(() => browser.close());
    const { page, complaints } = await openPage(browser, `file://${file}`);
    await page.waitForSelector('.matrix');
    const failing = paths.filter(({ state, exposure }) => state === 'exposed' && exposure === 'active').length;
    t.true(failing > 0);
    t.is(await page.locator('td.failing').count(), failing);
    t.is(await page.locator('td.path').count(), paths.length);
    t.is(await page.locator('td.unknown').count(), paths.filter(({ state }) => state === 'unknown').length);
    await page.locator('.draw .cross').waitFor();
    t.true((await page.locator('.steps li.dies').count()) === 1);
    t.is(
      await page.getByRole('button', { name: /^(Check|Apply|Remove)/ }).count(),
      0,
      'nothing can be started from a file',
    );
    t.deepEqual(complaints, []);
  },
);

test('masked: no name and no id in the file; a file that cannot be written is said', async (t) => {
  const { arm } = await withArm(t, PERSON);
  const file = join(folder, 'masked.html');
  await assess(arm, ['--mask', '--html', file]);
  const html = await readFile(file, 'utf8');
  t.true(html.includes('10.0.1.100'));
  for (const name of ['hs-a', 'hs-b', 'hs-c', 'healthshare']) {
    // The page's own words hold no such name.
    t.false(html.slice(html.indexOf('id="data"')).split('</script>')[0]?.includes(name), name);
  }
  const failed = await assess(arm, ['--html', join(folder, 'nowhere', 'x.html')]);
  t.is(failed.code, 1);
  t.regex(failed.stderr, /--html/);
});
