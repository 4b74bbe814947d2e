/**
 * Writes what README and some pages of docs/ take from the code, between their marks, and what is made whole from it, the
 * description of the HTTP API and docs/api.md: `npm run docs`. With `--check` it only
 * says whether they are up to date. Run with Node; nothing here ships.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND_FAILURES } from '../shared/model/commandFailures.ts';
import { FINDINGS } from '../shared/model/findings.ts';
import { GUEST_ERRORS } from '../shared/model/guestErrors.ts';
import { FIELDS, type FieldName } from '../shared/model/logFields.ts';
import { PRECONDITIONS } from '../shared/model/preconditions.ts';
import { REFUSALS } from '../shared/model/refusals.ts';
import { type Level, STEPS } from '../shared/model/steps.ts';
import { WAITS } from '../shared/model/waits.ts';
import { SETTINGS, type Setting } from '../shared/settings/settings.ts';
import { openApi, openApiText } from './api/document.ts';
import { apiMarkdown } from './api/markdown.ts';
import { table } from './table.ts';

const ROOT = join(import.meta.dirname, '..');

/** A table of codes with a sentence each. */
const sentences = (codes: Readonly<Record<string, string>>): string =>
  table(
    ['code', 'what a person is told'],
    Object.entries(codes).map(([code, sentence]) => [asCode(code), sentence]),
  );

const asCode = (text: string): string => `\`${text}\``;

/** What a setting may be, and what holds when it is not set. */
function valuesOf(setting: Setting): [values: string, otherwise: string] {
  switch (setting.kind) {
    case 'whole':
      return [`${setting.least} to ${setting.most} ${setting.unit}`, asCode(String(setting.fallback))];
    case 'word':
      return [setting.words.map(asCode).join(', '), asCode(setting.fallback)];
    case 'text':
    case 'schedule': {
      const { expected, example, fallback = '', otherwise } = setting;
      // An example that is the default is seen beside it.
      return [example === fallback ? expected : `${expected}: ${asCode(example)}`, otherwise ?? asCode(fallback)];
    }
  }
}

interface StepEntry {
  level: Level;
  warning?: { when: string };
  meaning: string;
  fields: readonly FieldName[];
  optional?: readonly FieldName[];
}

/** What a field holds, for a reader of JSON. */
const TYPES = {
  text: 'text',
  number: 'number',
  flag: 'true or false',
  texts: 'list of texts',
  ids: 'text, or a list of texts',
} as const;

/** What the documents take from the code, by the name in their marks. */
export const TABLES: Record<string, () => string> = {
  settings: () =>
    table(
      ['setting', 'what it does', 'values', 'when not set'],
      Object.entries(SETTINGS).map(([name, setting]) => [asCode(name), setting.meaning, ...valuesOf(setting)]),
    ),
  findings: () =>
    table(
      ['code', 'verdict', 'what a person is told'],
      Object.entries(FINDINGS).map(([code, { verdict, sentence }]) => [asCode(code), verdict, sentence]),
    ),
  preconditions: () =>
    table(
      ['code', 'what it comes to', 'what a person is told'],
      Object.entries(PRECONDITIONS).map(([code, { kind, sentence }]) => [asCode(code), asCode(kind), sentence]),
    ),
  'final refusals': () => sentences(REFUSALS),
  waits: () => sentences(WAITS),
  'command failures': () => sentences(COMMAND_FAILURES),
  'guest errors': () => sentences(GUEST_ERRORS),
  steps: () =>
    table(
      ['step', 'level', 'what it says', 'fields'],
      Object.entries<StepEntry>(STEPS).map(([step, { level, warning, meaning, fields, optional = [] }]) => [
        asCode(step),
        warning ? `${level}; warn when ${warning.when}` : level,
        meaning,
        [...fields.map(asCode), ...optional.map((name) => `${asCode(name)} (not always)`)].join(', '),
      ]),
    ),
  fields: () =>
    table(
      ['field', 'type', 'meaning'],
      Object.entries(FIELDS).map(([name, { type, meaning }]) => [asCode(name), TYPES[type], meaning]),
    ),
};

/** Documents with tables from the code, and which. */
export const DOCUMENTS: Record<string, readonly string[]> = {
  'README.md': ['settings', 'findings', 'waits', 'command failures', 'guest errors', 'final refusals'],
  'docs/logs.md': ['steps', 'fields'],
  'docs/assess.md': ['preconditions'],
};

/** Files that are made whole. */
export const MADE: Record<string, () => string> = {
  'shared/views/openapi.json': openApiText,
  'docs/api.md': () => apiMarkdown(openApi()),
};

/** A document's text with everything between the marks made anew. Throws when a mark is missing. */
export const withGenerated = (document: string, text: string): string =>
  (DOCUMENTS[document] ?? []).reduce((made, name) => between(document, made, name, TABLES[name]?.() ?? ''), text);

function between(document: string, text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: made by npm run docs -->`, `<!-- end of ${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${document} has lost the marks of ${name}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

if (import.meta.main) {
  const told = (document: string) => withGenerated(document, textOf(document));
  const fresh = [
    ...Object.keys(DOCUMENTS).map((document) => [document, told(document)] as const),
    ...Object.entries(MADE).map(([file, make]) => [file, make()] as const),
  ];
  for (const [name, text] of fresh) {
    if (!process.argv.includes('--check')) writeFileSync(join(ROOT, name), text);
    else if (text !== textOf(name)) {
      console.error(`${name} is not up to date: npm run docs`);
      process.exitCode = 1;
    }
  }
}

function textOf(name: string): string {
  const file = join(ROOT, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
