/** What the lab writes into docs/linux.md: each part's tables, between marks of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const DOCS = join(import.meta.dirname, '..', 'docs');

const marksOf = (part: string) => ({
  begin: `<!-- ${part}: made by npm run lab -- --part ${part} --write -->`,
  end: `<!-- end of ${part} -->`,
});

/** The text with what is between the part's marks replaced. Throws when a mark is missing. */
export function withTables(text: string, part: string, tables: string): string {
  const { begin, end } = marksOf(part);
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/linux.md has lost the marks of ${part}`);
  return `${text.slice(0, from + begin.length)}\n\n${tables}\n\n${text.slice(to)}`;
}

/** Puts a part's tables into docs/linux.md. */
export function writeTables(part: string, tables: string): void {
  const file = join(DOCS, 'linux.md');
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), part, tables));
}
