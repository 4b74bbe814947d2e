import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { DOCUMENTS, TABLES, withGenerated } from '../../docs/generate.ts';
import { COMMAND_FAILURES } from '../../shared/model/commandFailures.ts';
import { FINDINGS } from '../../shared/model/findings.ts';
import { GUEST_ERRORS } from '../../shared/model/guestErrors.ts';
import { STEPS } from '../../shared/model/steps.ts';
import { WAITS } from '../../shared/model/waits.ts';
import { SETTINGS } from '../../shared/settings/settings.ts';

const ROOT = join(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

for (const document of Object.keys(DOCUMENTS)) {
  test(`${document}: its tables are the code's`, (t) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    t.is(withGenerated(document, text), text, 'npm run docs makes it anew');
  });
}

test('every table is in a document', (t) => {
  t.deepEqual(Object.values(DOCUMENTS).flat().toSorted(), Object.keys(TABLES).toSorted());
});

test('every step has a row with its level and its fields', (t) => {
  const rows = (TABLES.steps?.() ?? '').split('\n').slice(2);
  t.is(rows.length, Object.keys(STEPS).length);
  for (const [step, { level, meaning, fields }] of Object.entries(STEPS)) {
    const row = rows.find((candidate) => candidate.startsWith(`| \`${step}\` | ${level}`)) ?? '';
    t.true(row.includes(` | ${meaning} | `), step);
    for (const field of fields) t.true(row.includes(`\`${field}\``), `${step} ${field}`);
  }
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
  t.true(rowOf('HAIRPIN_ENFORCEMENT').endsWith(' | `enforce`, `audit` | `audit` |'));
});

test('README names no setting that there is not', (t) => {
  const named = README.match(/\b(HAIRPIN_[A-Z_]+|AzureWebJobsStorage\w*|AZURE_CLIENT_ID)\b/g) ?? [];
  t.deepEqual(
    [...new Set(named)].filter((name) => !Object.hasOwn(SETTINGS, name)),
    [],
  );
});
