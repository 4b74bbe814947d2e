/** The repository's documents, read by a parser of Markdown. */
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import GithubSlugger from 'github-slugger';
import type { Nodes, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { visit } from 'unist-util-visit';

const ROOT = join(import.meta.dirname, '../..');

export interface CodeBlock {
  /** As written after the fence; empty where nothing is. */
  language: string;
  text: string;
  /** `docs/linux.md:12`. */
  where: string;
}

export interface Target {
  url: string;
  where: string;
}

export interface Document {
  /** From the repository's root, with slashes. */
  file: string;
  text: string;
  /** Anchors of its headings, as GitHub makes them. */
  anchors: Set<string>;
  /** Links and pictures. */
  targets: Target[];
  blocks: CodeBlock[];
  /** Code within sentences. */
  inline: CodeBlock[];
}

/** Text of a node without its marks. */
function plain(node: Nodes): string {
  if ('value' in node) return node.value;
  return 'children' in node ? (node.children as RootContent[]).map(plain).join('') : '';
}

const read = new Map<string, Document>();

/** One document; read once. */
export function readDocument(file: string): Document {
  const known = read.get(file) ?? parse(file);
  read.set(file, known);
  return known;
}

function parse(file: string): Document {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found: Document = { file, text, anchors: new Set(), targets: [], blocks: [], inline: [] };
  const slugger = new GithubSlugger();
  visit(fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }), (node) => {
    const where = `${file}:${node.position?.start.line}`;
    if (node.type === 'heading') found.anchors.add(slugger.slug(plain(node)));
    if (node.type === 'link' || node.type === 'image' || node.type === 'definition')
      found.targets.push({ url: node.url, where });
    if (node.type === 'code') found.blocks.push({ language: node.lang ?? '', text: node.value, where });
    if (node.type === 'inlineCode') found.inline.push({ language: '', text: node.value, where });
    // Pictures for light and dark are written in HTML.
    if (node.type === 'html')
      for (const [, url = ''] of node.value.matchAll(/(?:src|srcset|href)="([^"]+)"/g))
        found.targets.push({ url, where });
  });
  return found;
}

/** Every document of the repository. */
export const documents = (): Document[] =>
  globSync(['*.md', 'docs/**/*.md', '.github/**/*.md'], { cwd: ROOT })
    .map((file) => file.split(sep).join('/'))
    .sort()
    .map(readDocument);
