import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { TABLES, withGenerated } from '../../docs/generate.ts';
import { COMMAND_FAILURES } from '../../shared/model/commandFailures.ts';
import { FINDINGS } from '../../shared/model/findings.ts';
import { GUEST_ERRORS } from '../../shared/model/guestErrors.ts';
import { WAITS } from '../../shared/model/waits.ts';
import { SETTINGS } from '../../shared/settings/settings.ts';

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

test('settings: every one has a row with the range that is checked, and its default', (t) => {
  const rows = (TABLES.settings?.() ?? '').split('\n').slice(2);
  t.is(rows.length, Object.keys(SETTINGS).length);
  const rowOf = (name: string) => rows.find((row) => row.startsWith(`| \`${name}\` | `)) ?? '';
  for (const name of Object.keys(SETTINGS)) t.regex(rowOf(name), /^(\| [^|]*[^| ] ){4}\|$/, name);
  t.true(rowOf('HAIRPIN_RUN_DAYS').endsWith(' | 8 to 3650 days | `90` |'));
  t.true(rowOf('HAIRPIN_ENFORCEMENT').endsWith(' | `enforce`, `audit` | `enforce` |'));
});

test('README names no setting that there is not', (t) => {
  const named = README.match(/\b(HAIRPIN_[A-Z_]+|AzureWebJobsStorage\w*|AZURE_CLIENT_ID)\b/g) ?? [];
  t.deepEqual(
    [...new Set(named)].filter((name) => !Object.hasOwn(SETTINGS, name)),
    [],
  );
});
