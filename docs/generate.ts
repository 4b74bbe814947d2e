/**
 * Writes what README takes from the code, between its marks: `npm run docs`. With `--check` it only says whether
 * README is up to date. Run with Node; nothing here ships.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINDINGS } from '../shared/model/findings.ts';

const README = join(import.meta.dirname, '..', 'README.md');

/** The table of findings, one row per code. */
export function findingsTable(): string {
  const rows = Object.entries(FINDINGS).map(
    ([code, { verdict, sentence }]) => `| \`${code}\` | ${verdict} | ${sentence.replaceAll('|', '\\|')} |`,
  );
  return ['| code | verdict | what a person is told |', '|---|---|---|', ...rows].join('\n');
}

/** The text with everything between the marks made anew. Throws when a mark is missing. */
export function withGenerated(text: string): string {
  return between(text, 'findings', findingsTable());
}

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
