/** Every link of every document leads to a file that is there, and to a heading in it. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';
import { type Document, documents, readDocument } from '../helpers/markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const isOutside = (url: string): boolean => /^[a-z][a-z+.-]*:/i.test(url);

/** What is wrong with a link; undefined when it leads somewhere. */
function wrongWith(url: string, { file, anchors }: Pick<Document, 'file' | 'anchors'>): string | undefined {
  const [path = '', anchor] = decodeURI(url).split('#');
  const target = path === '' ? file : normalize(join(dirname(file), path)).replaceAll('\\', '/');
  if (target.startsWith('..')) return 'leads out of the repository';
  if (!existsSync(join(ROOT, target))) return 'is not there';
  if (anchor === undefined) return undefined;
  if (!target.endsWith('.md')) return 'has no headings';
  const its = path === '' ? anchors : readDocument(target).anchors;
  return its.has(anchor) ? undefined : 'has no such heading';
}

test('links and anchors lead somewhere', (t) => {
  const all = documents();
  const links = all.flatMap((document) => document.targets.map((target) => ({ ...target, document })));
  t.true(links.length > 300, 'links were found');
  const wrong = links
    .filter(({ url }) => !isOutside(url))
    .map(({ url, where, document }) => ({ url, where, why: wrongWith(url, document) }))
    .filter(({ why }) => why !== undefined);
  t.deepEqual(wrong, []);
});

test('links that lead nowhere are found', (t) => {
  const of = { file: 'docs/linux.md', anchors: readDocument('docs/linux.md').anchors };
  t.is(wrongWith('windows.md#see-it-by-hand', of), undefined);
  t.is(wrongWith('#see-it-by-hand', of), undefined);
  t.is(wrongWith('runbook', of), undefined);
  t.is(wrongWith('window.md', of), 'is not there');
  t.is(wrongWith('windows.md#see-it', of), 'has no such heading');
  t.is(wrongWith('../../x.md', of), 'leads out of the repository');
  t.is(wrongWith('../package.json#x', of), 'has no headings');
});

test('links to others go by https, and to no page of a developer’s own', (t) => {
  const outside = documents().flatMap(({ targets }) => targets.filter(({ url }) => isOutside(url)));
  t.true(outside.length > 20);
  for (const { url, where } of outside) t.regex(url, /^(https:\/\/[a-z]|mailto:)/, where);
});

test('every document is reached from README', (t) => {
  const byFile = new Map(documents().map((document) => [document.file, document]));
  const seen = new Set<string>();
  const visit = (file: string): void => {
    const document = byFile.get(file);
    if (!document || seen.has(file)) return;
    seen.add(file);
    for (const { url } of document.targets) {
      if (isOutside(url)) continue;
      const [path = ''] = url.split('#');
      if (path !== '') visit(normalize(join(dirname(file), path)).replaceAll('\\', '/'));
    }
  };
  visit('README.md');
  const lost = [...byFile.keys()].filter((file) => !seen.has(file) && !file.startsWith('.github/'));
  t.deepEqual(lost, []);
});

test('a document’s pictures are files of a size that a page bears', (t) => {
  const pictures = documents().flatMap(({ file, targets }) =>
    targets.filter(({ url }) => /\.(svg|png)$/.test(url)).map(({ url }) => normalize(join(dirname(file), url))),
  );
  t.true(pictures.length > 2);
  for (const picture of pictures) t.true(statSync(join(ROOT, picture)).size < 512 * 1024, picture);
});

test('README has at most 250 lines', (t) => {
  t.true(readDocument('README.md').text.split('\n').length <= 251);
});
