import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { findingsTable, withGenerated } from '../../docs/generate.ts';
import { FINDINGS } from '../../shared/model/findings.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

test("README's table of findings is the code's", (t) => {
  t.is(withGenerated(README), README, 'npm run docs makes it anew');
});

test('every code has a row with its verdict', (t) => {
  const rows = findingsTable().split('\n').slice(2);
  t.is(rows.length, Object.keys(FINDINGS).length);
  for (const [code, { verdict }] of Object.entries(FINDINGS)) {
    t.true(
      rows.some((row) => row.startsWith(`| \`${code}\` | ${verdict} |`)),
      code,
    );
  }
});

test("README's settings are the program's, and the other way round", (t) => {
  const source = readFileSync(join(import.meta.dirname, '../../shared/config.ts'), 'utf8');
  const schedules = ['complianceSweep', 'primaryWatch'].map((name) =>
    readFileSync(join(import.meta.dirname, `../../functions/${name}.ts`), 'utf8'),
  );
  const inCode = new Set([source, ...schedules].join('\n').match(/HAIRPIN_[A-Z_]+/g));
  const inReadme = new Set(README.match(/`HAIRPIN_[A-Z_]+`/g)?.map((name) => name.slice(1, -1)));
  t.deepEqual([...inReadme].toSorted(), [...inCode].toSorted());
});
