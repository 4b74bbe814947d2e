import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { DOCUMENTS, generatedDocuments, TABLES, withGenerated } from '../../docs/generate.ts';
import { CODES } from '../../docs/runbook.ts';
import { ERRORS } from '../../shared/errors.ts';
import { COMMAND_FAILURES } from '../../shared/model/commandFailures.ts';
import { FINDINGS } from '../../shared/model/findings.ts';
import { GUEST_ERRORS } from '../../shared/model/guestErrors.ts';
import { STEPS } from '../../shared/model/steps.ts';
import { WAITS } from '../../shared/model/waits.ts';
import { SETTINGS } from '../../shared/settings/settings.ts';

const ROOT = join(import.meta.dirname, '../..');

for (const document of Object.keys(DOCUMENTS)) {
  test(`${document}: its tables are the code's`, (t) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    t.is(withGenerated(document, text), text, 'npm run docs makes it anew');
  });
}

test('the sentences on the runbook’s pages are the code’s', (t) => {
  const pages = generatedDocuments().filter((document) => !Object.hasOwn(DOCUMENTS, document));
  t.true(pages.length > 80);
  for (const document of pages) {
    const text = readFileSync(join(ROOT, document), 'utf8');
    t.is(withGenerated(document, text), text, `${document}: npm run docs makes it anew`);
  }
});

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

const SENTENCES = {
  findings: FINDINGS,
  waits: WAITS,
  'command failures': COMMAND_FAILURES,
  'guest errors': GUEST_ERRORS,
};
const linkOf = (code: string): string => `[\`${code}\`](runbook/${CODES[code]?.place})`;

for (const [name, codes] of Object.entries(SENTENCES)) {
  test(`${name}: every code has a row with its sentence and leads to the runbook`, (t) => {
    const rows = (TABLES[name]?.() ?? '').split('\n').slice(2);
    t.is(rows.length, Object.keys(codes).length);
    for (const [code, entry] of Object.entries(codes)) {
      const cells = typeof entry === 'string' ? [entry] : [entry.verdict, entry.sentence];
      t.true(rows.includes(`| ${linkOf(code)} | ${cells.join(' | ')} |`), code);
    }
  });
}

test('errors: every code has a row with who acts and what happened', (t) => {
  const rows = (TABLES.errors?.() ?? '').split('\n').slice(2);
  t.is(rows.length, Object.keys(ERRORS).length);
  for (const [code, { side, meaning }] of Object.entries(ERRORS)) {
    t.true(
      rows.some((row) => row.startsWith(`| ${linkOf(code)} | ${side} | ${meaning} | `)),
      code,
    );
  }
});

test('settings: every one has a row with the range that is checked, and its default', (t) => {
  const rows = (TABLES.settings?.() ?? '').split('\n').slice(2);
  t.is(rows.length, Object.keys(SETTINGS).length);
  const rowOf = (name: string) => rows.find((row) => row.startsWith(`| \`${name}\` | `)) ?? '';
  for (const name of Object.keys(SETTINGS)) t.regex(rowOf(name), /^(\| [^|]*[^| ] ){4}\|$/, name);
  t.true(rowOf('HAIRPIN_RUN_DAYS').endsWith(' | 8 to 3650 days | `90` |'));
  t.true(rowOf('HAIRPIN_ENFORCEMENT').endsWith(' | `enforce`, `audit` | `audit` |'));
});

/** What is no setting of the app: of tests, and of azd's environment, which the template's parameters and azure.yaml read. */
const OTHERS = new Set([
  ...['HAIRPIN_NO_SKIP', 'HAIRPIN_SEED', 'HAIRPIN_HISTORIES', 'HAIRPIN_KILLS'],
  ...['infra/main.bicepparam', 'azure.yaml'].flatMap(
    (file) => readFileSync(join(ROOT, file), 'utf8').match(/HAIRPIN_[A-Z_]+/g) ?? [],
  ),
]);

test('no document names a setting that there is not', (t) => {
  const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });
  t.true(documents.length > 80);
  for (const document of documents) {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const named = text.match(/\b(HAIRPIN_[A-Z_]+|AzureWebJobsStorage\w*|AZURE_CLIENT_ID)\b/g) ?? [];
    const unknown = [...new Set(named)].filter((name) => !Object.hasOwn(SETTINGS, name) && !OTHERS.has(name));
    t.deepEqual(unknown, [], document);
  }
});
