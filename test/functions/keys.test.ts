/** Who may call the HTTP functions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const FOLDER = join(import.meta.dirname, '..', '..', 'functions');

test('no HTTP function is open: each asks for a key of its own, and what acts refuses pages of other sites', (t) => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  const texts = files.map((name) => readFileSync(join(FOLDER, name), 'utf8'));
  const http = texts.filter((text) => text.includes('app.http('));
  t.true(http.length >= 4);
  for (const text of http) {
    // The page itself holds no data: what it asks the app for needs a key.
    if (text.includes("app.http('dashboard'")) {
      t.regex(text, /methods: \['GET'\],[\s\S]*handler: httpHandler\(viewDashboard\)/);
      continue;
    }
    t.regex(text, /authLevel: 'function'/);
    if (/methods: \[[^\]]*'(POST|PUT|PATCH|DELETE)'/.test(text)) t.regex(text, /actingHandler\(/);
  }
});
