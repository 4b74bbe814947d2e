/**
 * The page in a real browser: what it draws of known estates, how it asks, and what it says when nobody answers.
 * Long: one table of cases about one thing.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test from 'ava';
import type { Browser, Page } from 'playwright-core';
import { PAGE_FOLDER, writePage } from '../../page/bundle.ts';
import { NOW } from '../helpers/estate.ts';
import { missing, testNeeding } from '../needs.ts';
import { answersOf, estateReply, RUN, runOf } from './answers.ts';
import { openBrowser, openPage } from './browser.ts';
import { type Answers, type FakeApp, fakeApp, problem } from './fakeApp.ts';
import { dense, hospital, type Sample } from './samples.ts';

const browserTest = testNeeding(['chromium']);
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser: Browser;
test.before(async () => {
  await writePage(PAGE_FOLDER);
  if (missing(['chromium']).length === 0) browser = await openBrowser();
});
test.after.always(() => browser?.close());

async function started(t: import('ava').ExecutionContext, answers: Answers, hash = '', options = {}) {
  const app = await fakeApp(answers);
  app.date = NOW + 4000;
  const opened = await openPage(browser, `${app.url}/api/dashboard${hash}`, {
    viewport: { width: 1400, height: 900 },
    ...options,
  });
  t.teardown(async () => {
    await opened.page.context().close();
    await app.close();
  });
  return { app, ...opened };
}

const texts = (page: Page, selector: string): Promise<string[]> =>
  page
    .locator(selector)
    .evaluateAll((all) =>
      all.map((one) => (one as unknown as { textContent: string }).textContent.replace(/\s+/g, ' ').trim()),
    );

browserTest('one document below 150 KB, without data, that asks nobody but its app', async (t) => {
  const html = await readFile(`${PAGE_FOLDER}/dashboard.html`, 'utf8');
  t.true(Buffer.byteLength(html) < 150_000, `${Buffer.byteLength(html)} bytes`);
  t.notRegex(html, /unsafe|\sstyle=|\son\w+="|https?:\/\/(?!www\.w3\.org)/);
  t.log(`${Math.round(Buffer.byteLength(html) / 1024)} KiB`);
  const { page, complaints, origins, app } = await started(t, answersOf(hospital()));
  await page.waitForSelector('.matrix');
  t.deepEqual([...origins], [app.url]);
  t.deepEqual(complaints, []);
});

browserTest('the matrix says of each VM and VIP what is, in words and shapes, with who is primary', async (t) => {
  const { page } = await started(t, answersOf(hospital()));
  await page.waitForSelector('.matrix');
  t.deepEqual(await texts(page, '.matrix thead th'), [
    'VM',
    'ucr-registry 10.0.1.100',
    'patient-index 10.0.1.101',
    'health-insight 10.0.1.102',
  ]);
  t.deepEqual(await texts(page, '.matrix tbody tr'), [
    'hs-c 1 NICfails now, primary nownot a memberno 2nd NIC',
    'hs-aproved 2 hproved 2 h, primary nowwould fail',
    'hs-bset 14 minset 14 minproved 14 min, primary now',
  ]);
  const shapes = await page
    .locator('.matrix tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) =>
        [
          ...(
            row as unknown as { querySelectorAll(s: string): { getAttribute(n: string): string }[] }
          ).querySelectorAll('svg'),
        ].map((svg) => svg.getAttribute('class')),
      ),
    );
  t.deepEqual(shapes, [
    ['s-failing', 's-crown', 's-blocked'],
    ['s-proved', 's-proved', 's-crown', 's-exposed'],
    ['s-set', 's-set', 's-proved', 's-crown'],
  ]);
  t.is(
    (await texts(page, '.sum'))[0],
    '1 connection fails now: hs-c cannot reach ucr-registry through itself. 2 more would fail after a failover. 3 of 8 are proved, 2 more are set. One thing waits for a person.',
  );
});

browserTest('the drawn way breaks where the packets die, and goes round where they come back', async (t) => {
  const { page } = await started(t, answersOf(hospital()), '#/estate?vm=hs-c&vip=10.0.1.100');
  await page.waitForSelector('.draw .cross');
  t.deepEqual(await texts(page, '.steps li.dies'), [
    '3It comes back to hs-c with an address of hs-c itself as its source, and hs-c drops it.',
  ]);
  t.is(await page.locator('.draw .way.fails').count(), 4);
  // The cross is in hs-c, right of the NIC that the connection came back to.
  const [cross, frame, nic] = await Promise.all(
    ['.draw .cross', '.draw .vm.from .frame', '.draw .vm.from .nic'].map((selector) =>
      page.locator(selector).first().boundingBox(),
    ),
  );
  t.true(
    (cross?.x ?? 0) > (nic?.x ?? 0) + (nic?.width ?? 0) && (cross?.x ?? 0) < (frame?.x ?? 0) + (frame?.width ?? 0),
  );
  await page.locator('td.proved').first().click();
  await page.waitForSelector('.draw .way.works', { state: 'attached' });
  t.is(await page.locator('.draw .cross').count(), 0);
  t.deepEqual(await texts(page, '.draw .dot.works ~ text'), ['1', '2', '3', '4', '5']);
  t.true(page.url().endsWith('#/estate?vm=hs-a&vip=10.0.1.100'), page.url());
});

browserTest('since when a path stands so: told where it is known, and said where it is not', async (t) => {
  const sample = hospital();
  const answers = answersOf(sample);
  const { page } = await started(t, answers, '#/estate?vm=hs-a&vip=10.0.1.100');
  const panel = page.getByRole('region', { name: 'The chosen connection' });
  await panel.getByText('Verdict compliant, exposure latent: since when is not known.').waitFor();
  const [path] = sample.view.groups[0]?.vms.find(({ name }) => name === 'hs-a')?.paths ?? [];
  if (!path) return t.fail();
  path.since = new Date(NOW - 3 * 86_400_000).toISOString();
  answers['GET /api/estate'] = { body: sample.view };
  await page.reload();
  await panel.getByText('Verdict compliant, exposure latent: since 29 Dec 00:00:00, 3 days ago.').waitFor();
  path.sinceFirstSeen = true;
  await page.reload();
  await panel
    .getByText('Verdict compliant, exposure latent: when it was first seen (29 Dec 00:00:00, 3 days ago), or longer.')
    .waitFor();
  t.pass();
});

browserTest('what a security rule or a route ends, ends beside the NIC where it does', async (t) => {
  const sample = hospital();
  const trace = sample.trace('hs-a', '10.0.1.100');
  const way = trace?.scenarios.find(({ failoverTo }) => failoverTo === 'hs-a')?.asIs[0];
  if (!trace || !way) return t.fail();
  const [sent, translated, accepted, reply] = way.steps;
  const ended = (direction: 'there' | 'back', code: string) => ({ direction, state: 'dies', code, text: 'It ends.' });
  const ways = {
    ENDED_LEAVING: [sent, ended('there', 'ENDED_LEAVING')],
    ENDED_ARRIVING: [sent, translated, ended('there', 'ENDED_ARRIVING')],
    ANSWER_ENDED: [sent, translated, accepted, reply, ended('back', 'ANSWER_ENDED')],
  };
  const answers = answersOf(sample);
  const { page } = await started(t, answers, '#/findings');
  for (const [code, steps] of Object.entries(ways)) {
    const told = {
      ...trace,
      scenarios: [{ failoverTo: 'hs-a', outcome: 'fails', asIs: [{ ...way, outcome: 'fails', steps }], withFix: [] }],
    };
    answers['GET /api/paths'] = { body: { trace: told } };
    await page.evaluate(`location.hash = '#/findings'`);
    await page.waitForSelector('.matrix', { state: 'detached' });
    await page.evaluate(`location.hash = '#/estate?vm=hs-a&vip=10.0.1.100'`);
    await page.locator('.draw .cross').waitFor();
    const cross = await page.locator('.draw .cross').boundingBox();
    const nics = await page.locator('.draw .vm.from .nic').evaluateAll((all) =>
      all.map((one) => {
        const { x, y, height } = (
          one as unknown as { getBoundingClientRect(): { x: number; y: number; height: number } }
        ).getBoundingClientRect();
        return { x, y, height };
      }),
    );
    // The first NIC is in the pool, the second carries the route.
    const nic = nics[code === 'ENDED_LEAVING' ? 1 : 0];
    if (!cross || !nic) return t.fail(code);
    const middle = cross.y + cross.height / 2;
    t.true(cross.x < nic.x && cross.x > nic.x - 60, code);
    t.true(middle > nic.y && middle < nic.y + nic.height, code);
    t.is(await page.locator('.draw .dot').count(), steps.length, code);
  }
});

browserTest('the forecast is told when a VM is pointed at, reached by the keyboard or touched', async (t) => {
  const { page } = await started(t, answersOf(hospital()));
  const says = page.locator('.says');
  const vm = page.locator('.draw g.vm', { hasText: 'hs-b' });
  await vm.hover();
  t.regex((await says.textContent()) ?? '', /^If hs-b is lost: health-insight moves to hs-a or hs-c\./);
  await page.mouse.move(0, 0);
  await vm.focus();
  t.regex((await says.textContent()) ?? '', /^If hs-b is lost/);
  t.regex((await vm.getAttribute('aria-label')) ?? '', /hs-a is not known to reach health-insight through itself/);
});

browserTest('arrow keys go from cell to cell, Enter draws, and search and choice are in the address', async (t) => {
  const { page } = await started(t, answersOf(hospital()));
  await page.locator('td[data-r="0"][data-c="0"]').focus();
  for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowUp'])
    await page.keyboard.press(key);
  t.deepEqual(await page.evaluate('[document.activeElement.dataset.r, document.activeElement.dataset.c]'), ['1', '2']);
  await page.keyboard.press('Enter');
  await page.waitForFunction(`location.hash === '#/estate?vm=hs-a&vip=10.0.1.102'`);
  await page.locator('input[type=search]').fill('no_secondary');
  await page.waitForFunction(`document.querySelectorAll('.matrix tbody tr').length === 1`);
  t.deepEqual(await texts(page, '.matrix tbody th'), ['hs-c 1 NIC']);
  const address = page.url();
  t.regex(address, /q=no_secondary/);
  await page.goto('about:blank');
  await page.goto(address);
  await page.waitForSelector('.matrix');
  t.deepEqual(await texts(page, '.matrix tbody th'), ['hs-c 1 NIC']);
  t.is(await page.locator('input[type=search]').inputValue(), 'no_secondary');
});

/** What a page of any program does: so much slower as this is than on a quiet machine, so much more may the drawing take. */
const PLAIN = `{
  const box = document.createElement('div');
  for (let i = 0; i < 6000; i += 1) {
    const one = document.createElement('span');
    one.textContent = 'item ' + i;
    box.append(one, ' ');
  }
  document.body.append(box);
  box.offsetHeight;
  box.remove();
}`;
const PLAIN_MS = 40;

browserTest('500 VMs and 64 VIPs: drawn in 100 ms of work, and every name can be reached', async (t) => {
  const { page } = await started(t, answersOf(dense(500, 64)), '#/findings');
  await page.waitForSelector('.sum');
  const session = await page.context().newCDPSession(page);
  // Time that the page's own thread worked: what else the machine does is not counted.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    const parts = ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'];
    return 1000 * metrics.reduce((sum, { name, value }) => sum + (parts.includes(name) ? value : 0), 0);
  };
  const took = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await worked();
    await work();
    return (await worked()) - before;
  };
  const drawn: number[] = [];
  const plain: number[] = [];
  for (let i = 0; i < 8; i += 1) {
    await page.evaluate(`location.hash = '#/findings'`);
    await page.waitForSelector('.matrix', { state: 'detached' });
    drawn.push(
      await took(async () => {
        await page.evaluate(`location.hash = '#/estate'`);
        await page.waitForSelector('.matrix td.path', { state: 'attached' });
        await page.evaluate('document.body.offsetHeight');
      }),
    );
    plain.push(await took(() => page.evaluate(PLAIN)));
  }
  const [best, reference] = [Math.min(...drawn), Math.min(...plain)];
  t.log(`${best.toFixed(0)} ms, where the plain list takes ${reference.toFixed(0)} ms`);
  t.true(best < 100 * Math.max(1, reference / PLAIN_MS), `${best} ms, plain ${reference} ms`);
  t.true(await page.evaluate(`document.querySelectorAll('td').length < 1000`), 'what is out of sight is not there');
  await page.locator('td[data-r="0"][data-c="0"]').focus();
  await page.keyboard.press('Control+End');
  await page.waitForFunction(`document.activeElement.dataset.r === '499' && document.activeElement.dataset.c === '63'`);
  t.true((await texts(page, '.matrix tbody th')).includes('hs-0499'));
  t.true((await texts(page, '.matrix thead th')).some((text) => text.startsWith('mirror-63')));
});

browserTest('the key is asked for once, kept in this tab, and sent as a header and nowhere else', async (t) => {
  const sample = hospital();
  const answers = answersOf(sample);
  const guarded: Answers = { 'GET /.auth/me': { status: 404 } };
  for (const [name, answer] of Object.entries(answers)) {
    guarded[name] = (asked) => {
      if (asked.headers['x-functions-key'] !== 'right-key') return { status: 401 };
      return typeof answer === 'function' ? answer(asked) : answer;
    };
  }
  const { page, app } = await started(t, guarded);
  await page.getByLabel('Key', { exact: true }).fill('wrong-key');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  t.regex((await texts(page, '[role=alert]'))[0] ?? '', /does not take this key/);
  await page.locator('#key').fill('right-key');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.matrix');
  await page.reload();
  await page.waitForSelector('.matrix');
  t.is(await page.evaluate(`sessionStorage.getItem('hairpin-key')`), 'right-key');
  t.is(await page.evaluate('localStorage.length + document.cookie.length'), 0);
  t.true(app.asked.every(({ path, query }) => !`${path}?${query}`.includes('key')));
  t.false(page.url().includes('key'));
});

browserTest('with Easy Auth the cookie goes along, and who is signed out is shown the way in', async (t) => {
  const signedIn = answersOf(hospital());
  const guarded: Answers = {
    'GET /.auth/me': ({ headers }) => ({
      body: headers.cookie?.includes('AppServiceAuthSession') ? [{ user_id: 'a' }] : [],
    }),
  };
  for (const [name, answer] of Object.entries(signedIn)) {
    guarded[name] = (asked) => {
      if (!asked.headers.cookie?.includes('AppServiceAuthSession=yes')) return { status: 401 };
      return typeof answer === 'function' ? answer(asked) : answer;
    };
  }
  const { page, app } = await started(t, guarded);
  const link = page.getByRole('link', { name: 'Sign in' });
  t.is(await link.getAttribute('href'), '/.auth/login/aad?post_login_redirect_uri=%2Fapi%2Fdashboard');
  await page.context().addCookies([{ name: 'AppServiceAuthSession', value: 'yes', url: app.url, httpOnly: true }]);
  await page.reload();
  await page.waitForSelector('.matrix');
  t.is(app.asked.at(-1)?.headers['x-functions-key'], undefined);
});

browserTest('it asks conditionally, keeps what it had while nobody answers, and says of when that is', async (t) => {
  const { page, app } = await started(t, answersOf(hospital()));
  await page.clock.install();
  await page.reload();
  await page.waitForSelector('.matrix');
  const polls = () => app.asked.filter(({ path }) => path === '/api/estate');
  const before = polls().length;
  while (polls().length === before) await page.clock.runFor(2000);
  t.is(polls().at(-1)?.headers['if-none-match'], 'W/"1"');
  app.answering = false;
  while ((await page.locator('.banner').count()) === 0) await page.clock.runFor(2000);
  t.regex((await page.locator('.banner').textContent()) ?? '', /^The app does not answer since .*What is shown is of /);
  t.is(await page.locator('.matrix tbody tr').count(), 3);
  app.answering = true;
  while ((await page.locator('.banner').count()) > 0) await page.clock.runFor(2000);
  t.regex((await page.locator('.fresh').textContent()) ?? '', /^as of .* ago; Azure’s lists: .*; who is primary: /);
});

const LIES = [
  '<script>document.title = "pwned"</script>',
  '"><img src=/stolen onerror="document.title = `pwned`">',
  '</script><svg onload="document.title = `pwned`">',
  'javascript:document.title="pwned"',
];

/** Every text of a document that is no word of ours, replaced by lies. */
function lying<T>(value: T, keep: ReadonlySet<string>, at = ''): T {
  if (typeof value === 'string') return (keep.has(at) ? value : `${LIES[value.length % LIES.length]} ${value}`) as T;
  if (Array.isArray(value)) return value.map((one) => lying(one, keep, at)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, lying(one, keep, name)])) as T;
}

const WORDS = new Set([
  'state',
  'exposure',
  'verdict',
  'kind',
  'role',
  'enforcement',
  'asOf',
  'listedAt',
  'at',
  'healthAt',
  'since',
  'outcome',
  'fix',
  'direction',
  'signal',
  'mode',
  'acceptedAt',
  'runId',
]);

browserTest('lies in every text stay text: nothing runs, nothing is asked for, nothing leads away', async (t) => {
  const sample = hospital();
  const view = lying(sample.view, WORDS);
  const answers: Answers = {
    ...answersOf(sample),
    'GET /api/estate': estateReply(view),
    'GET /api/paths': { body: lying({ trace: sample.trace('hs-a', '10.0.1.100') }, WORDS) },
    'GET /api/runs': { body: lying({ runs: [runOf('settled')] }, WORDS) },
    'GET /api/runs/*': { body: lying(runOf('settled'), WORDS) },
  };
  const { page, complaints, app } = await started(t, answers);
  await page.waitForSelector('.steps');
  for (const hash of [
    '#/findings',
    `#/runs?run=${RUN}`,
    '#/history',
    `#/estate?q=${encodeURIComponent(LIES[0] ?? '')}&vm=${encodeURIComponent(LIES[1] ?? '')}`,
  ]) {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.waitForTimeout(200);
    t.notRegex(await page.title(), /pwned/);
    t.is(await page.locator('#app script, #app img, #app [onload]').count(), 0, hash);
    const links = await page
      .locator('a')
      .evaluateAll((all) =>
        all.map((one) => (one as unknown as { getAttribute(n: string): string }).getAttribute('href')),
      );
    t.true(
      links.every((href) => /^(#|\/\.auth\/)/.test(href ?? '')),
      links.join(),
    );
  }
  t.deepEqual(complaints, []);
  t.false(app.asked.some(({ path }) => path.includes('stolen')));
});

for (const [name, options] of [
  ['light', {}],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
] as const) {
  browserTest(`${name}: axe finds nothing serious on any view, and nothing stands out sideways`, async (t) => {
    const answers: Answers = {
      ...answersOf(hospital()),
      'GET /api/runs': { body: { runs: [runOf('running'), runOf('settled')] } },
      'GET /api/runs/*': { body: runOf('running') },
    };
    const { page, complaints } = await started(t, answers, '', options);
    await page.waitForSelector('.steps');
    // As a debugger does, past the page's policy.
    const session = await page.context().newCDPSession(page);
    await session.send('Runtime.evaluate', { expression: await readFile(AXE, 'utf8') });
    for (const hash of ['#/estate', '#/findings', `#/runs?run=${RUN}`, '#/history']) {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.waitForTimeout(300);
      const { result } = await session.send('Runtime.evaluate', {
        expression: `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary).join('\\n')))`,
        awaitPromise: true,
        returnByValue: true,
      });
      t.deepEqual(result.value, [], hash);
      t.true(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), hash);
    }
    t.deepEqual(complaints, []);
  });
}

browserTest(
  'a run is followed: progress per VM while it goes on, its end, and a cancel that is asked twice',
  async (t) => {
    let state: 'running' | 'settled' = 'running';
    const answers: Answers = {
      ...answersOf(hospital()),
      'GET /api/runs': () => ({ body: { runs: [runOf(state)] } }),
      'GET /api/runs/*': () => ({ body: runOf(state) }),
      'DELETE /api/runs/*': { status: 202, body: { runId: RUN } },
    };
    const { page, app } = await started(t, answers, `#/runs?run=${RUN}`);
    const progress = page.locator('progress');
    t.is(await progress.getAttribute('value'), '1');
    t.is(await progress.getAttribute('max'), '2');
    await page.getByRole('button', { name: 'Cancel…' }).click();
    t.false(app.asked.some(({ method }) => method === 'DELETE'));
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('It is cancelled').waitFor();
    t.is(app.asked.filter(({ method }) => method === 'DELETE').length, 1);
    state = 'settled';
    await progress.waitFor({ state: 'detached' });
    t.true((await texts(page, 'tbody tr')).every((text) => text.includes('repaired')));
  },
);

/** An app that plans: what was posted is kept. */
function planning(sample: Sample): Answers {
  const plan = {
    frontends: [
      { vip: '10.0.1.102', port: 1972, via: { ip: '10.0.1.11', mac: '' }, backends: [{ ip: '10.0.1.10', mac: '' }] },
    ],
  };
  const dry = runOf('settled', { dryRun: true });
  const planned = { ...dry, vms: [{ ...dry.vms[0], result: 'planned', plan, script: '#!/bin/bash\necho planned' }] };
  return {
    ...answersOf(sample),
    'POST /api/runs': ({ body }) => ({
      status: 202,
      body: { runId: (body as { dryRun?: boolean }).dryRun ? RUN : 'b'.repeat(32) },
    }),
    'GET /api/runs/*': ({ path }) => ({
      body: path.endsWith(RUN) ? planned : runOf('running', { runId: 'b'.repeat(32) }),
    }),
  };
}

const posts = ({ asked }: FakeApp) =>
  asked.filter(({ method }) => method === 'POST').map(({ body }) => body as Record<string, unknown>);

browserTest(
  'apply goes over its plan: plan, script, order, primaries, what is said where; then one request under one key',
  async (t) => {
    const sample = hospital();
    const { page, app } = await started(t, planning(sample), '#/estate?vm=hs-a&vip=10.0.1.102');
    await page.getByRole('button', { name: 'Apply to hs-a…' }).click();
    const go = page.getByRole('button', { name: 'Apply this plan' });
    await page.getByText('The very script').waitFor();
    const said = ((await page.locator('dialog').textContent()) ?? '').replace(/\s+/g, ' ');
    t.regex(said, /1 VM would get a command/);
    t.regex(said, /10\.0\.1\.102 by 10\.0\.1\.11, replies of 10\.0\.1\.10 out to the wire/);
    t.regex(said, /hs-a, primary now for patient-index/);
    t.regex(said, /What will be said where/);
    t.deepEqual(
      posts(app).map(({ dryRun }) => dryRun),
      [true],
    );
    await go.click();
    await page.waitForFunction(`location.hash.includes('run=bbbb')`);
    const [, real] = posts(app);
    t.deepEqual(real, { scope: [sample.view.groups[0]?.vms.find(({ name }) => name === 'hs-a')?.id], mode: 'apply' });
    t.is(app.asked.filter(({ method }) => method === 'POST')[1]?.headers['idempotency-key'], RUN);
  },
);

browserTest(
  'a plan whose estate changed cannot be confirmed, seen by the page or only at the last moment',
  async (t) => {
    const sample = hospital();
    const { page, app } = await started(t, planning(sample), '#/estate?vm=hs-a&vip=10.0.1.102');
    const moved = structuredClone(sample.view);
    const [group] = moved.groups;
    if (group?.frontends[1]) group.frontends[1].primary = group.vms.findIndex(({ name }) => name === 'hs-b');
    for (const isSeen of [true, false]) {
      app.answers['GET /api/estate'] = estateReply(sample.view);
      await page.getByRole('button', { name: 'Remove from hs-a…' }).click();
      const go = page.getByRole('button', { name: 'Remove what was added' });
      await page.getByText('The very script').waitFor();
      app.answers['GET /api/estate'] = estateReply(moved, 'W/"2"');
      // The poll of the open dialog finds it by itself; the click asks anew.
      if (isSeen) await page.getByText('This plan is out of date').waitFor();
      else if (await go.isEnabled()) await go.click({ timeout: 1000 }).catch(() => {});
      await page
        .getByText(/changed since/)
        .first()
        .waitFor();
      t.true(await go.isDisabled());
      t.true(posts(app).every(({ dryRun }) => dryRun === true));
      await page.getByRole('button', { name: 'Leave all as it is' }).click();
      await page.locator('dialog').waitFor({ state: 'detached' });
    }
  },
);

browserTest('what the page heard before the plan was made makes no plan out of date', async (t) => {
  const sample = hospital();
  const before = structuredClone(sample.view);
  before.asOf = new Date(NOW - 5000).toISOString();
  for (const { frontends } of before.groups) for (const one of frontends) delete one.primary;
  const answers = planning(sample);
  // Nobody was known to be primary until the dry run asked. The page's own looks come with an ETag, and hear nothing new.
  let isLoaded = false;
  answers['GET /api/estate'] = ({ headers }) => {
    if (isLoaded && headers['if-none-match'] === undefined) return estateReply(sample.view, 'W/"2"');
    isLoaded = true;
    return estateReply(before);
  };
  const { page } = await started(t, answers, '#/estate?vm=hs-a&vip=10.0.1.102');
  await page.getByRole('button', { name: 'Remove from hs-a…' }).click();
  await page.getByText('The very script').waitFor();
  t.true(await page.getByRole('button', { name: 'Remove what was added' }).isEnabled());
  t.is(await page.getByText('out of date').count(), 0);
});

browserTest('check and dry run start at once; what the app refuses is said in its words', async (t) => {
  const answers = planning(hospital());
  const { page, app } = await started(t, answers, '#/runs');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.waitForFunction(`location.hash.includes('run=bbbb')`);
  t.deepEqual(posts(app), [{ scope: ['/subscriptions/00000000-0000-0000-0000-000000000000'], mode: 'check' }]);
  t.true(await page.getByRole('button', { name: 'Remove…' }).isDisabled());
  await page.getByLabel('Look at').fill('hs-b');
  t.true(await page.getByRole('button', { name: 'Remove…' }).isEnabled());
  answers['POST /api/runs'] = problem(400, 'scope is outside the configured scope', 'SCOPE_NOT_ALLOWED');
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByText('scope is outside the configured scope').waitFor();
});

browserTest('a month as strips: the worst of each day, by height and colour, with words for all of it', async (t) => {
  const { page } = await started(t, answersOf(hospital()), '#/history');
  await page.waitForSelector('.strip');
  const strips = await page
    .locator('.history .strip')
    .evaluateAll((all) =>
      all.map((one) =>
        [...(one as unknown as { children: { className: string }[] }).children]
          .map(({ className }) => className)
          .join(' '),
      ),
    );
  const days = (n: number, word: string): string => Array.from({ length: n }, () => word).join(' ');
  t.deepEqual(strips, [
    `${days(4, 'set')} failing ${days(25, 'proved')} `,
    `${days(30, 'blocked')} `,
    `${days(20, '')} unknown exposed ${days(8, 'set')} `,
  ]);
  t.is(
    (await texts(page, '.sum'))[0],
    '1 path failed at some time in 31 days, the longest hs-a to ucr-registry: 3 min. 2 of 3 were proved.',
  );
  const label = await page.locator('.history .strip').first().getAttribute('aria-label');
  t.regex(label ?? '', /^hs-a to ucr-registry: failed for 3 min, at risk for no time, .*proved last /);
  t.deepEqual(await texts(page, '.history tbody td:last-child'), ['2 h ago', 'never', '14 min ago']);
});

browserTest('compliance is saved as the app gives it; an app without history says so', async (t) => {
  const answers: Answers = { ...answersOf(hospital()), 'GET /api/compliance': { body: 'vm,vip\nhs-a,10.0.1.100\n' } };
  delete answers['GET /api/history'];
  const { page, app } = await started(t, answers, '#/history');
  await page.getByText('This app keeps no history').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Compliance as CSV' }).click(),
  ]);
  t.is(download.suggestedFilename(), 'compliance.csv');
  t.is(await readFile(await download.path(), 'utf8'), 'vm,vip\nhs-a,10.0.1.100\n');
  t.is(app.asked.find(({ path }) => path === '/api/compliance')?.query.get('format'), 'csv');
});

browserTest('a key that only reads: acting asks for another one, and goes on with it', async (t) => {
  const answers = planning(hospital());
  const post = answers['POST /api/runs'] as (asked: never) => object;
  answers['POST /api/runs'] = (asked) =>
    asked.headers['x-functions-key'] === 'act' ? post(asked as never) : { status: 401 };
  const { page, app } = await started(t, answers, '#/runs');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('This needs a key that may act').waitFor();
  await page.locator('#key').fill('act');
  await page.keyboard.press('Enter');
  await page.waitForFunction(`location.hash.includes('run=bbbb')`);
  t.true(
    app.asked.filter(({ method }) => method === 'GET').every(({ headers }) => headers['x-functions-key'] === undefined),
  );
});
