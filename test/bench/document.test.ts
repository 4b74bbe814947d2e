/** docs/performance.md is what bench/results says, and has a place for every benchmark. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'parse5';
import { barChart } from '../../bench/document/chart.ts';
import { chartFile, chartOf, DOCS, namesOn, PAGE, readResults, withResults } from '../../bench/document/document.ts';
import { type BenchRow, row, rowOf, spreadOf } from '../../bench/rows.ts';

const page = readFileSync(PAGE, 'utf8');
const results = readResults();

test('its tables are those of the results', (t) => {
  t.is(withResults(page, results), page, 'node bench/document/document.ts makes it anew');
});

test('every benchmark has a place on the page', (t) => {
  const names = readdirSync('bench')
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.slice(0, -'.bench.ts'.length));
  t.deepEqual(
    names.filter((name) => !namesOn(page).includes(name)),
    [],
  );
});

test('its charts are those of the results, and each is on the page', (t) => {
  for (const result of results.values()) {
    const chart = chartOf(result);
    const file = join(DOCS, chartFile(result.name));
    t.is(existsSync(file) ? readFileSync(file, 'utf8') : undefined, chart, result.name);
    t.is(page.includes(`(${chartFile(result.name)})`), chart !== undefined, result.name);
  }
});

test('results name no machine and no path', (t) => {
  for (const { name, machine, versions, ...rest } of results.values()) {
    t.deepEqual(Object.keys(machine), ['cpu', 'cores', 'memoryGb'], name);
    t.deepEqual(Object.keys(versions), ['app', 'node', 'os'], name);
    t.notRegex(JSON.stringify(rest), /\/(?:home|root|tmp|work|Users)\//, name);
    t.true(
      rest.rows.every(({ value }) => Number.isFinite(value)),
      name,
    );
  }
});

test('a row keeps to its target, whichever side it must not pass', (t) => {
  t.true(row('a', 15, 'ms', 15).ok);
  t.false(row('a', 15.01, 'ms', 15).ok);
  t.true(row('a', 0.95, 'x', 0.95, { isFloor: true }).ok);
  t.false(row('a', 0.94, 'x', 0.95, { isFloor: true }).ok);
  t.false(row('nothing', Number.NaN, 'ms', 15).ok);
  t.true(row('no target', Number.NaN, 'ms').ok);
});

test('the spread leaves a tenth of many values out at each end, and none of a few', (t) => {
  const many = Array.from({ length: 20 }, (_, i) => i + 1);
  t.deepEqual(spreadOf(many), [3, 18]);
  t.deepEqual(spreadOf([3, 1, 2]), [1, 3]);
  const measured: BenchRow = rowOf('a', [5, 1, 3], 'ms', 3);
  t.like(measured, { value: 3, ok: true, spread: [1, 5] });
});

test('a chart escapes what it shows and is drawn for light and dark', (t) => {
  const svg = barChart('a < b', [
    { label: '<script>', value: 0, shown: '0 %', isOurs: true },
    { label: 'other', value: 4, shown: '4 %' },
  ]);
  t.false(svg.includes('<script>'));
  t.true(svg.includes('prefers-color-scheme: dark') && svg.includes('currentColor'));
  t.is(svg.match(/<rect /g)?.length, 2);
  t.regex(svg, /width="1" height="17" class="ours"/);
  t.truthy(parse(svg));
});
