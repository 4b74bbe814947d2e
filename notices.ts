/** The licenses of what is bundled, as one text file: who takes the package must get them too. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Bundled {
  name: string;
  version: string;
  license: string;
  text: string;
}

/** `…/node_modules/@azure/identity/dist/x.js` -> `…/node_modules/@azure/identity`; the innermost package of a path. */
const FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/**
 * The packages that the files are of, by name. Throws Error for one that says no license.
 * @param files Paths from `root`, as esbuild names its inputs.
 */
export function bundledPackages(root: string, files: readonly string[]): Bundled[] {
  const folders = new Set(files.flatMap((file) => FOLDER.exec(file)?.[1] ?? []));
  return [...folders].map((folder) => read(join(root, folder))).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function read(folder: string): Bundled {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Partial<Bundled>;
  if (!name || !version || typeof license !== 'string') throw new Error(`${folder} says no license`);
  const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
  const text =
    file === undefined ? `${name} comes without the text of its license.` : readFileSync(join(folder, file), 'utf8');
  return { name, version, license, text: text.trim() };
}

/** The notices file. Packages under the very same text stand together above it. */
export function notices(packages: readonly Bundled[]): string {
  const byText = Map.groupBy(packages, ({ text }) => text.replace(/\s+/g, ' '));
  const parts = [...byText.values()].map((same) => {
    const names = same.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return `${names.join('\n')}\n\n${same[0]?.text}\n`;
  });
  return `This package holds code of the following projects.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
