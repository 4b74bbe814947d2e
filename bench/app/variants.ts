/** The app as it is deployed, and as it would be without the work that went into its start. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { BUNDLING } from '../../build.ts';
import { buildApp } from '../../simulator/deployedApp.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CORE = '@azure/functions-core';

/** The deployed files, unpacked from the zip. */
export const deployed = buildApp;

/** One file with everything in it, CommonJS, as bundlers make it by default. Resolves to the file. */
export async function oneFile(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { banner: _, splitting: __, chunkNames: ___, ...bundling } = BUNDLING;
  const outfile = join(folder, 'index.cjs');
  await esbuild.build({
    ...bundling,
    format: 'cjs',
    entryPoints: [join(ROOT, 'functions/index.ts')],
    outfile,
    external: [CORE],
    // The guest scripts are found beside the module; nothing of this is called.
    define: { 'import.meta.url': '__filename', HAIRPIN_BUILD: '{}' },
  });
  return outfile;
}

/** Each source file by itself, its types stripped, with node_modules beside it. Resolves to the file that is loaded. */
export async function unbundled(folder: string): Promise<string> {
  const sources: string[] = [];
  for (const part of ['functions', 'shared']) {
    for (const entry of await readdir(join(ROOT, part), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.ts')) sources.push(join(entry.parentPath, entry.name));
    }
  }
  for (const source of sources) {
    const { code } = await esbuild.transform(await readFile(source, 'utf8'), { loader: 'ts', target: 'node22' });
    const file = join(folder, relative(ROOT, source).replace(/ts$/, 'js'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, code.replace(/(from |import\(|import )(["'])(\.[^"']*)\.ts\2/g, '$1$2$3.js$2'));
  }
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'functions/index.js');
}
