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

/** The page as a file of its own, with what it draws in it. `title`: what it is of. @public */
export async function savedPage(data: {
  estate: unknown;
  traces: Record<string, unknown>;
  title?: string;
}): Promise<string> {
  // No text of the data can end the element that holds it.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return (await pageText()).replace(
    '<!-- data -->',
    () => `<script type="application/json" id="data">${json}</script>`,
  );
}
