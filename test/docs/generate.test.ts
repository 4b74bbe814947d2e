import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { TABLES, withGenerated } from '../../docs/generate.ts';
import { COMMAND_FAILURES } from '../../shared/model/commandFailures.ts';
import { FINDINGS } from '../../shared/model/findings.ts';
import { GUEST_ERRORS } from '../../shared/model/guestErrors.ts';
import { WAITS } from '../../shared/model/waits.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

test("README's tables are the code's", (t) => {
  t.is(withGenerated(README), README, 'npm run docs makes it anew');
});

const CODES = { findings: FINDINGS, waits: WAITS, 'command failures': COMMAND_FAILURES, 'guest errors': GUEST_ERRORS };

for (const [name, codes] of Object.entries(CODES)) {
  test(`${name}: every code has a row with its sentence`, (t) => {
    const rows = (TABLES[name]?.() ?? '').split('\n').slice(2);
    t.is(rows.length, Object.keys(codes).length);
    for (const [code, entry] of Object.entries(codes)) {
      const cells = typeof entry === 'string' ? [entry] : [entry.verdict, entry.sentence];
      t.true(rows.includes(`| \`${code}\` | ${cells.join(' | ')} |`), code);
    }
  });
}

test("README's settings are the program's, and the other way round", (t) => {
  const source = readFileSync(join(import.meta.dirname, '../../shared/config.ts'), 'utf8');
  const schedules = ['complianceSweep', 'primaryWatch'].map((name) =>
    readFileSync(join(import.meta.dirname, `../../functions/${name}.ts`), 'utf8'),
  );
  const inCode = new Set([source, ...schedules].join('\n').match(/HAIRPIN_[A-Z_]+/g));
  const inReadme = new Set(README.match(/`HAIRPIN_[A-Z_]+`/g)?.map((name) => name.slice(1, -1)));
  t.deepEqual([...inReadme].toSorted(), [...inCode].toSorted());
});
