/** The runbook has a place for every code that a person can meet, and none for a code that there is not. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ALERTS, CODES } from '../../docs/runbook.ts';
import { ERRORS } from '../../shared/errors.ts';
import { COMMAND_FAILURES } from '../../shared/model/commandFailures.ts';
import { FINDINGS } from '../../shared/model/findings.ts';
import { GUEST_ERRORS } from '../../shared/model/guestErrors.ts';
import { REFUSALS } from '../../shared/model/refusals.ts';
import { WAITS } from '../../shared/model/waits.ts';

const FOLDER = join(import.meta.dirname, '../../docs/runbook');
const pages = new Map(
  globSync('*.md', { cwd: FOLDER }).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]),
);
/** Pages that are about no single code. */
const NOT_OF_A_CODE = ['README.md', 'waiting.md'];
const HEADINGS = ['What it means', 'For the hospital', 'Check by hand', 'What to do'];

/** What stands below a heading, up to the next one of its level. */
const below = (text: string, heading: string): string =>
  text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';

test('every finding, error, command failure, guest error, refusal, wait and alert has its place', (t) => {
  const all = [FINDINGS, ERRORS, COMMAND_FAILURES, GUEST_ERRORS, REFUSALS, WAITS, ALERTS].flatMap((codes) =>
    Object.keys(codes),
  );
  t.deepEqual(new Set(all), new Set(Object.keys(CODES)));
  for (const [code, { place }] of Object.entries(CODES)) {
    const [page = '', heading] = place.split('#');
    const text = pages.get(page);
    if (text === undefined) {
      t.fail(`docs/runbook/${page} is missing: ${code}`);
      continue;
    }
    const part = heading === undefined ? text : below(text, code);
    t.true(part.includes(`<!-- ${code} says -->`), `${place} does not show what ${code} says`);
    // Beyond the sentence from the code there is something to do.
    t.true((part.split(`<!-- so far ${code} -->`)[1] ?? '').trim().length > 20, `${place} has nothing to do`);
  }
});

test('a page of a code has what it means, for whom it matters, how to check it and what to do', (t) => {
  for (const [page, text] of pages) {
    if (NOT_OF_A_CODE.includes(page)) continue;
    t.true(text.startsWith(`# ${page.replace('.md', '')}\n`), page);
    for (const heading of HEADINGS) t.true(below(text, heading).length > heading.length + 10, `${page}: ${heading}`);
    t.regex(below(text, 'Check by hand'), /`/, `${page}: nothing to type`);
  }
});

test('no page is about a code that there is not', (t) => {
  const known = new Set(Object.values(CODES).map(({ place }) => place.split('#')[0]));
  t.deepEqual(
    [...pages.keys()].filter((page) => !known.has(page) && !NOT_OF_A_CODE.includes(page)),
    [],
  );
  for (const [page, text] of pages) {
    for (const [, code = ''] of text.matchAll(/<!-- ([\w-]+) says -->/g)) t.true(code in CODES, `${page}: ${code}`);
  }
});

test('each says what the others say: a sentence that asks to run something by hand finds it on the page', (t) => {
  for (const [code, { place, sayings }] of Object.entries(CODES)) {
    const text = pages.get(place.split('#')[0] ?? '') ?? '';
    const own = text.replaceAll(/<!-- ([\w-]+) says -->[\s\S]*?<!-- so far \1 -->/g, '');
    for (const { says } of sayings) {
      for (const [, setting = ''] of says.matchAll(/(HAIRPIN_[A-Z_]+)/g)) {
        t.true(own.includes(setting), `${place}: ${code} names ${setting}, the page does not`);
      }
      if (/run apply by hand/i.test(says)) t.regex(own, /`apply` by hand|by hand and name/, `${place}: ${code}`);
    }
  }
});
