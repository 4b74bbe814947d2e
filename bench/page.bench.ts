/**
 * The page over 500 VMs in chromium: until it first shows something and until the estate stands, what each thing that a
 * person does takes until the frame that shows it, and how many bytes there are. The app beside it answers at once, from
 * texts made before, on this machine. Two estates: VMs in pairs with two mirrors each, and one group of them all behind 64
 * VIPs. Needs chromium.
 */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { PAGE_FOLDER, writePage } from '../page/bundle.ts';
import { push } from '../shared/evaluate/lists.ts';
import { openBrowser, type PageApp, serve } from './page/app.ts';
import { inOneGroup, inPairs, type PageEstate } from './page/estates.ts';
import { type Interaction, paints, take, watch, workOf } from './page/timing.ts';
import { type BenchRow, median, row, rowOf } from './rows.ts';

const VMS = 500;
const VIPS = 64;
const LOADS = 15;
const ROUNDS = 15;

export async function bench(): Promise<BenchRow[]> {
  const { html, bytes } = await writePage(PAGE_FOLDER);
  const estates: [string, PageEstate, Interaction[]][] = [
    [`${VMS} VMs in pairs, ${VMS} VIPs`, inPairs(VMS), IN_PAIRS],
    [`${VMS} VMs behind each of ${VIPS} VIPs`, inOneGroup(VMS, VIPS), IN_ONE_GROUP],
  ];
  const rows: BenchRow[] = [];
  const browser = await openBrowser();
  try {
    for (const [name, estate, interactions] of estates) {
      const app = await serve(estate);
      try {
        rows.push(...(await loads(browser, app, name)), ...(await interact(browser, app, name, interactions)));
      } finally {
        await app.close();
      }
    }
  } finally {
    await browser.close();
  }
  const size = (what: string, text: string, compared: string) => [
    row(`${what}: bytes`, Buffer.byteLength(text) / 1024, 'KiB', undefined, { compared }),
    row(`${what}: bytes, gzip`, gzipSync(text).length / 1024, 'KiB', undefined, { compared }),
  ];
  assert.equal(bytes, Buffer.byteLength(html));
  return [
    ...rows,
    ...size('the page', html, 'one document, script and style in it, nothing else is loaded'),
    ...estates.flatMap(([name, { estate }]) => size(`its estate, ${name}`, estate, 'GET /api/estate')),
  ];
}

/** Each time in a browser context of its own: nothing is kept from the one before. */
async function loads(browser: Browser, app: PageApp, name: string): Promise<BenchRow[]> {
  const all: { first: number; estate: number }[] = [];
  for (let i = 0; i < LOADS; i += 1) {
    const { page, close } = await opened(browser, app);
    all.push(await paints(page));
    await close();
  }
  const compared = `${name}; chromium, from the navigation, ${LOADS} times with an empty cache`;
  const of = (kind: 'first' | 'estate') => all.map((it) => it[kind]);
  return [
    rowOf(`${name}: first paint`, of('first'), 'ms', 300, { compared }),
    rowOf(`${name}: the estate is drawn`, of('estate'), 'ms', undefined, { compared }),
  ];
}

async function opened(browser: Browser, app: PageApp) {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1360, height: 1010 },
  });
  const page = await context.newPage();
  await watch(page);
  await page.goto(app.url);
  return { page, close: () => context.close() };
}

/** All of them one after another, many times: the first time, when code is not compiled yet, is one of them. */
async function interact(
  browser: Browser,
  app: PageApp,
  name: string,
  interactions: readonly Interaction[],
): Promise<BenchRow[]> {
  const { page, close } = await opened(browser, app);
  try {
    await paints(page);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const took = new Map<string, number[]>();
    const worked = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const one of interactions) {
        const before = await workOf(session);
        push(took, one.what, await take(page, one));
        push(worked, one.what, (await workOf(session)) - before);
      }
    }
    const compared = `${name}; chromium, from the input until the frame that shows what it brings, ${ROUNDS} times; a frame is 16.7 ms`;
    const [heaviest = '', work = []] = [...worked].toSorted(([, a], [, b]) => median(b) - median(a))[0] ?? [];
    return [
      ...[...took].map(([what, ms]) => rowOf(`${name}: ${what}`, ms, 'ms', 50, { compared })),
      rowOf(`${name}: the most work of the page’s thread, when ${heaviest}`, work, 'ms', undefined, {
        compared: `${name}; processor time for script, style and layout, which a busy machine does not lengthen`,
      }),
    ];
  } finally {
    await close();
  }
}

const isAt = (view: string): string =>
  `document.querySelector('nav a[aria-current=page]')?.textContent.startsWith('${view}')`;
const view = (name: string, there = 'true'): Interaction => ({
  what: `${name} is opened`,
  act: { click: `nav a:has-text("${name}")` },
  shows: `${isAt(name)} && ${there}`,
});
const TITLE = `document.querySelector('section[aria-label="The chosen connection"] h2')?.textContent`;
const SEARCH = 'input[type=search]';
const FOCUS = `document.activeElement?.dataset`;

/** Ends where it began. */
const VIEWS: Interaction[] = [
  view('Findings', `document.querySelector('.matrix') === null`),
  view('Runs', `document.querySelector('#subject') !== null`),
  view('History', `document.querySelector('main table') !== null`),
  view('Estate', `document.querySelector('.matrix td.path') !== null`),
];

const search = (key: string): Interaction[] => [
  {
    what: 'the search field is entered',
    act: { click: SEARCH },
    shows: `document.activeElement?.type === 'search'`,
  },
  {
    what: 'a first letter is searched for',
    act: { key },
    shows: `document.querySelector('.bar [role=status]') !== null`,
  },
  {
    what: 'the search is taken back',
    act: { key: 'Backspace' },
    shows: `document.querySelector('.bar [role=status]') === null`,
  },
];

const choose = (cell: string, name: string, what: string): Interaction => ({
  what,
  act: { click: cell },
  shows: `${TITLE}?.startsWith('${name} ')`,
});

const IN_PAIRS: Interaction[] = [
  ...VIEWS,
  ...search('7'),
  choose('section >> nth=0 >> td.path >> nth=3', 'vm1', 'a connection is chosen'),
  choose('section >> nth=0 >> td.path >> nth=0', 'vm0', 'a connection is chosen'),
];

const IN_ONE_GROUP: Interaction[] = [
  ...VIEWS,
  ...search('7'),
  choose('td[data-r="1"][data-c="0"]', 'vm1', 'a connection is chosen'),
  choose('td[data-r="0"][data-c="0"]', 'vm0', 'a connection is chosen'),
  { what: 'one row down by key', act: { key: 'ArrowDown' }, shows: `${FOCUS}.r === '1'` },
  { what: 'to the last of 32,000 cells by key', act: { key: 'Control+End' }, shows: `${FOCUS}.r === '499'` },
  { what: 'back to the first by key', act: { key: 'Control+Home' }, shows: `${FOCUS}.r === '0'` },
];
