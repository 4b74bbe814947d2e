/**
 * Packs a built folder into the zip that is deployed: `npm run package` builds and writes ilb-hairpin-guard.zip. The same
 * files give the same bytes, so that a release can be made again and compared.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Zippable, zipSync } from 'fflate';
import { build } from './build.ts';

/** The first time that a zip can hold; what was really written when is nobody's concern. */
const NO_TIME = new Date(1980, 0, 1);
const UNIX = 3;

/** The zip of all files in a folder, with their modes. */
export function packed(folder: string): Uint8Array {
  const entries: Zippable = {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    const mode = (statSync(file).mode & 0o111) === 0 ? 0o100644 : 0o100755;
    const name = relative(folder, file).split(sep).join('/');
    entries[name] = [readFileSync(file), { mtime: NO_TIME, os: UNIX, attrs: (mode << 16) >>> 0 }];
  }
  return zipSync(entries, { level: 9 });
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { outFolder } = await build();
  const zip = packed(outFolder);
  const file = join(import.meta.dirname, 'ilb-hairpin-guard.zip');
  writeFileSync(file, zip);
  console.log(`${file}: ${Math.round(zip.byteLength / 1024)} KiB`);
}
