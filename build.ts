/**
 * Bundles the Functions app: `npm run build` writes dist/, the folder that is deployed and that the local host runs.
 * ES modules with splitting, so that what only a repair needs (Azure's SDKs, behind `await import()`) stays out of
 * the start; `@azure/functions-core` is left alone, the Functions host provides it at run time.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { bundledPackages, notices } from './notices.ts';
import { writePage } from './page/bundle.ts';
import type { Build } from './shared/build.ts';

const ROOT = dirname(fileURLToPath(import.meta.url));

/** Bundled CommonJS packages call `require`, which ES modules lack: the library asks its host for a module that way. */
const BANNER =
  "import { createRequire as makeRequireForBundle } from 'node:module'; const require = makeRequireForBundle(import.meta.url);";

export interface BuildOptions {
  /** File that registers all functions. Default: functions/index.ts of this repository. */
  entry?: string;
  /** Folder to write, emptied first. Default: dist/. */
  outFolder?: string;
  /** host.json to copy. Default: this repository's. */
  hostJson?: string;
  /**
   * Folders copied whole into the out folder, by the name that code reads them under. Default: the guest scripts, and the
   * page beside them.
   */
  assets?: Record<string, string>;
  minify?: boolean;
}

export interface BuildResult {
  outFolder: string;
  /** Bytes of JavaScript that the host loads at start: the entry and all that it imports statically. */
  startBytes: number;
  /** Bytes of all JavaScript. */
  allBytes: number;
  /** Names of the packages among what loads at start, sorted. */
  startPackages: string[];
  /** What loads at start, by file. */
  startFiles: string[];
  /** What each file of JavaScript holds: bytes by package, the app's own under `own`. */
  files: Record<string, Record<string, number>>;
}

/** What both bundles share: the app's and the command line's. */
export const BUNDLING = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  splitting: true,
  platform: 'node',
  target: 'node22',
  banner: { js: BANNER },
  chunkNames: '[name]-[hash]',
  legalComments: 'none',
  logLevel: 'silent',
} as const satisfies esbuild.BuildOptions;

/**
 * All that loads at the start in one file. A file is shared by those entries that reach it, and each way to share makes a
 * file of its own: the start was 15 files, each looked for, read and linked. What is imported later is given the start
 * as an import too, which has long run by then; so all of the start is shared alike.
 */
const startInOneFile = (entry: string): esbuild.Plugin => ({
  name: 'start-in-one-file',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import' || resolveDir.includes('node_modules')) return undefined;
      return { path: join(resolveDir, path), namespace: 'later' };
    });
    onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => ({
      // `export *` leaves out the default export, which is all that a file of JSON has.
      contents: `import ${JSON.stringify(resolve(entry))};\nexport ${path.endsWith('.json') ? '{ default }' : '*'} from ${JSON.stringify(path)};`,
      resolveDir: dirname(path),
    }));
  },
});

/** Guest scripts are read with `new URL('./linux/...', import.meta.url)`; chunks lie flat in the out folder. */
export const GUEST_SCRIPTS = { linux: join(ROOT, 'shared/guest/linux'), windows: join(ROOT, 'shared/guest/windows') };

/** Builds the app. Throws esbuild's error, with file and line, when something cannot be bundled. */
export async function build(options: BuildOptions = {}): Promise<BuildResult> {
  const outFolder = resolve(options.outFolder ?? join(ROOT, 'dist'));
  await rm(outFolder, { recursive: true, force: true });
  await mkdir(outFolder, { recursive: true });
  const entry = options.entry ?? join(ROOT, 'functions/index.ts');
  const { metafile } = await esbuild.build({
    ...BUNDLING,
    entryPoints: { index: entry },
    plugins: [startInOneFile(entry)],
    outdir: outFolder,
    external: ['@azure/functions-core'],
    // The bundle is not minified: a stack trace names functions and lines that can be read without a map.
    sourcemap: false,
    minify: options.minify ?? false,
    define: { HAIRPIN_BUILD: JSON.stringify(await buildOf(ROOT)) },
    metafile: true,
  });
  await cp(options.hostJson ?? join(ROOT, 'host.json'), join(outFolder, 'host.json'));
  for (const [name, folder] of Object.entries(options.assets ?? GUEST_SCRIPTS)) {
    await copyFiles(folder, join(outFolder, name));
  }
  const page = options.assets ? undefined : await writePage(join(outFolder, 'page'));
  await writeFile(join(outFolder, 'package.json'), await deployedManifest());
  await cp(join(ROOT, 'LICENSE'), join(outFolder, 'LICENSE'));
  const packages = bundledPackages(ROOT, [...Object.keys(metafile.inputs), ...(page?.inputs ?? [])]);
  await writeFile(join(outFolder, 'THIRD_PARTY_NOTICES.txt'), notices(packages));
  return { outFolder, ...sizes(metafile) };
}

/** Copies the plain files of a folder, scripts' modes with them; a folder that is not there has none. */
export async function copyFiles(from: string, to: string): Promise<void> {
  const exists = await stat(from).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!exists) return;
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isFile() && !entry.name.endsWith('.ts')) await cp(join(from, entry.name), join(to, entry.name));
  }
}

/** The version and the commit of a checkout, for the bundle to tell; `unknown` where there is no repository or no git. */
async function buildOf(root: string): Promise<Build> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const git = (...args: string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const commit = git('rev-parse', '--short=12', 'HEAD');
  if (commit === undefined) return { version, commit: 'unknown' };
  return { version, commit: git('status', '--porcelain') === '' ? commit : `${commit}+changed` };
}

async function deployedManifest(): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return `${JSON.stringify({ name, version, license, private: true, type: 'module', main: 'index.js' }, null, 2)}\n`;
}

function sizes({ outputs }: esbuild.Metafile): Omit<BuildResult, 'outFolder'> {
  const scripts = Object.entries(outputs).filter(([file]) => file.endsWith('.js'));
  const allBytes = scripts.reduce((sum, [, output]) => sum + output.bytes, 0);
  const atStart = new Map<string, esbuild.Metafile['outputs'][string]>();
  const visit = (name: string): void => {
    const output = outputs[name];
    if (!output || atStart.has(name)) return;
    atStart.set(name, output);
    for (const { kind, path } of output.imports) if (kind === 'import-statement') visit(path);
  };
  const entry = scripts.find(([path]) => basename(path) === 'index.js')?.[0];
  if (entry) visit(entry);
  const files = Object.fromEntries(scripts.map(([path, { inputs }]) => [basename(path), bytesByPackage(inputs)]));
  const startFiles = [...atStart.keys()].map((path) => basename(path));
  const packages = startFiles.flatMap((file) => Object.keys(files[file] ?? {})).filter((name) => name !== OWN);
  return {
    allBytes,
    startBytes: [...atStart.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    startPackages: [...new Set(packages)].sort(),
    startFiles,
    files,
  };
}

const OWN = 'own';

function bytesByPackage(inputs: esbuild.Metafile['outputs'][string]['inputs']): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    const name = PACKAGE.exec(file)?.[1] ?? OWN;
    bytes[name] = (bytes[name] ?? 0) + bytesInOutput;
  }
  return bytes;
}

const PACKAGE = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//;

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  const { outFolder, startBytes, allBytes } = await build({ minify: process.argv.includes('--minify') });
  const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`;
  console.log(
    `${outFolder}: ${kib(allBytes)}, of which ${kib(startBytes)} load at start (${Math.round(performance.now() - started)} ms)`,
  );
}
