/**
 * Makes the checkout ready for `npm pack`, and takes that back: npm runs it by itself, before and after. Node strips no
 * types below node_modules, so the command line is packed as a bundle that stands alone; the packed package.json names
 * no dependency, so that `npx ./ilb-hairpin-guard-*.tgz` needs no registry.
 */
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { BUNDLING, copyFiles, GUEST_SCRIPTS } from './build.ts';
import { writePage } from './page/bundle.ts';

const ROOT = dirname(fileURLToPath(import.meta.url));
const MANIFEST = join(ROOT, 'package.json');
/** The checkout's own package.json while the other one stands in its place. Not packed. */
const ASIDE = join(ROOT, 'package.json.aside');
const OUT = join(ROOT, 'cli', 'dist');

/** Bundles the command line into a folder that stands alone. */
async function bundle(): Promise<void> {
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  await esbuild.build({ ...BUNDLING, entryPoints: { main: join(ROOT, 'cli/main.ts') }, outdir: OUT, minify: true });
  await chmod(join(OUT, 'main.js'), 0o755);
  for (const [name, folder] of Object.entries(GUEST_SCRIPTS)) await copyFiles(folder, join(OUT, name));
  await writePage(join(OUT, 'page'));
}

interface Manifest extends Record<string, unknown> {
  scripts: Record<string, string>;
}

/**
 * The manifest of the package: what it is and its command, without what only a checkout needs. The two scripts stay, or
 * the pack after an interrupted one would find none that puts the other manifest back.
 */
function packed(manifest: Manifest): Record<string, unknown> {
  const { dependencies, devDependencies, optionalDependencies, scripts, ava, allowScripts, main, ...rest } = manifest;
  const { prepack, postpack } = scripts;
  return { ...rest, scripts: { prepack, postpack }, engines: { node: '>=22' } };
}

/** Puts the checkout's package.json back; nothing is done where it never went. */
async function restore(): Promise<void> {
  try {
    await rename(ASIDE, MANIFEST);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

// A pack that was interrupted left it aside.
await restore();
if (!process.argv.includes('--restore')) {
  await bundle();
  const text = await readFile(MANIFEST, 'utf8');
  await writeFile(`${MANIFEST}.new`, `${JSON.stringify(packed(JSON.parse(text)), null, 2)}\n`);
  await rename(MANIFEST, ASIDE);
  await rename(`${MANIFEST}.new`, MANIFEST);
}
