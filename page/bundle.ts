/**
 * The page as one html text: `bundlePage()`. Script and style stand inline, and the policy names them by their hashes, so
 * that nothing else runs in it and it asks for nothing elsewhere. `node page/bundle.ts` writes it to where the sources
 * read it when they are run unbundled.
 */
import { hash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const FOLDER = dirname(fileURLToPath(import.meta.url));

/** Where the page is read from when the sources run as they are; dist/ has a folder of this name. */
export const PAGE_FOLDER = join(FOLDER, '../shared/views/page');
export const PAGE_FILE = 'dashboard.html';

export interface Bundled {
  html: string;
  /** Files that went into it, as esbuild names them: their packages' licenses go with it. */
  inputs: string[];
}

/** Bundles the page. Throws esbuild's error, with file and line. */
export async function bundlePage(): Promise<Bundled> {
  const shared = {
    absWorkingDir: join(FOLDER, '..'),
    bundle: true,
    minify: true,
    write: false,
    legalComments: 'none',
  } as const;
  const [script, style, template] = await Promise.all([
    esbuild.build({
      ...shared,
      entryPoints: [join(FOLDER, 'main.ts')],
      format: 'iife',
      target: ['chrome115', 'firefox115', 'safari16.4'],
      metafile: true,
      logLevel: 'silent',
    }),
    esbuild.build({ ...shared, entryPoints: [join(FOLDER, 'style.css')], logLevel: 'silent' }),
    readFile(join(FOLDER, 'index.html'), 'utf8'),
  ]);
  // What ends a script element ends it wherever it stands, in a string too.
  const js = textOf(script).replaceAll('</script', '<\\/script');
  const css = textOf(style);
  const policy = [
    "default-src 'none'",
    `script-src '${sha(js)}'`,
    `style-src '${sha(css)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const parts: Record<string, string> = {
    policy: `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    style: `<style>${css}</style>`,
    script: `<script>${js}</script>`,
  };
  // By a function: what is put in may hold `$&`.
  const html = template.replaceAll(/<!-- (policy|style|script) -->/g, (_, name: string) => parts[name] ?? '');
  return { html, inputs: Object.keys(script.metafile?.inputs ?? {}) };
}

const textOf = ({ outputFiles = [] }: esbuild.BuildResult): string => outputFiles[0]?.text.trim() ?? '';
const sha = (text: string): string => `sha256-${hash('sha256', text, 'base64')}`;

/** Writes the page into a folder; returns its size in bytes. */
export async function writePage(folder: string): Promise<Bundled & { bytes: number }> {
  const bundled = await bundlePage();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, PAGE_FILE), bundled.html);
  return { ...bundled, bytes: Buffer.byteLength(bundled.html) };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { bytes } = await writePage(PAGE_FOLDER);
  console.log(`${join(PAGE_FOLDER, PAGE_FILE)}: ${Math.round(bytes / 1024)} KiB`);
}
