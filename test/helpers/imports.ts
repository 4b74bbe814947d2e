/** What files import, read from the sources themselves. */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface Import {
  /** From the repository's root, with slashes. */
  from: string;
  /** The same; a package's name as it is written. */
  target: string;
  /** Loaded with the module; neither `import type` nor `await import()`. */
  atLoad: boolean;
}

const PATTERN =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** The imports of all TypeScript files that a pattern finds. */
export async function importsOf(pattern: string): Promise<Import[]> {
  const found: Import[] = [];
  for await (const file of glob(pattern, { cwd: ROOT })) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, type, fixed, lazy] of text.matchAll(PATTERN)) {
      const target = fixed ?? lazy ?? '';
      const resolved = target.startsWith('.') ? normalize(join(dirname(file), target)) : target;
      found.push({
        from: file.split(sep).join('/'),
        target: resolved.split(sep).join('/'),
        atLoad: type === undefined && lazy === undefined,
      });
    }
  }
  return found;
}
