/**
 * Writes what README takes from the code, between its marks: `npm run docs`. With `--check` it only says whether
 * README is up to date. Run with Node; nothing here ships.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND_FAILURES } from '../shared/model/commandFailures.ts';
import { FINDINGS } from '../shared/model/findings.ts';
import { GUEST_ERRORS } from '../shared/model/guestErrors.ts';
import { REFUSALS } from '../shared/model/refusals.ts';
import { WAITS } from '../shared/model/waits.ts';
import { SETTINGS, type Setting } from '../shared/settings/settings.ts';

const README = join(import.meta.dirname, '..', 'README.md');

/** A table in Markdown. */
function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map(line)].join('\n');
}

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
    case 'host': {
      const { expected, example, fallback = '', otherwise } = setting;
      // An example that is the default is seen beside it.
      return [example === fallback ? expected : `${expected}: ${asCode(example)}`, otherwise ?? asCode(fallback)];
    }
  }
}

/** What README takes from the code, by the name in its marks. */
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
  'final refusals': () => sentences(REFUSALS),
  waits: () => sentences(WAITS),
  'command failures': () => sentences(COMMAND_FAILURES),
  'guest errors': () => sentences(GUEST_ERRORS),
};

/** The text with everything between the marks made anew. Throws when a mark is missing. */
export const withGenerated = (text: string): string =>
  Object.entries(TABLES).reduce((made, [name, content]) => between(made, name, content()), text);

function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: made by npm run docs -->`, `<!-- end of ${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has lost the marks of ${name}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

if (import.meta.main) {
  const text = readFileSync(README, 'utf8');
  const fresh = withGenerated(text);
  if (!process.argv.includes('--check')) writeFileSync(README, fresh);
  else if (fresh !== text) {
    console.error('README.md is not up to date: npm run docs');
    process.exitCode = 1;
  }
}
