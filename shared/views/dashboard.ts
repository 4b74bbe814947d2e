/**
 * The page of `GET /api/dashboard`: one document without data in it, made by page/bundle.ts. What it draws it asks for
 * itself, with the key that it is given.
 */
import { readFile } from 'node:fs/promises';
import type { Answer } from './answer.ts';
import { weakEtag } from './etag.ts';

const FILE = new URL('./page/dashboard.html', import.meta.url);

let page: Promise<string> | undefined;

/** The page's text. Throws the file system's error where it was not built. */
const pageText = (): Promise<string> => {
  page ??= readFile(FILE, 'utf8');
  return page;
};

/** The page as an answer. Its policy stands in it; the header has it too, with what only a header can say. */
export async function dashboardAnswer(): Promise<Answer> {
  const body = await pageText();
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(body)?.[1];
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `${policy}; frame-ancestors 'none'`,
      'cross-origin-opener-policy': 'same-origin',
      // Asked for again each time: a new version of the app has a new page.
      'cache-control': 'private, no-cache',
      etag: weakEtag(body),
    },
    body,
  };
}

/** What a page draws that has nobody to ask. */
interface SavedData {
  estate: unknown;
  /** Traces by the ids of VM and frontend, with a blank between. */
  traces: Record<string, unknown>;
  /** What it is of. */
  title?: string;
}

/** The page as a file of its own, with what it draws in it. Throws the file system's error where it was not built. */
export const savedPage = async (data: SavedData): Promise<string> => filledPage(await pageText(), data);

/** A page's text with what it draws in it. */
export function filledPage(page: string, data: SavedData): string {
  // No text of the data can end the element that holds it.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return page.replace('<!-- data -->', () => `<script type="application/json" id="data">${json}</script>`);
}
