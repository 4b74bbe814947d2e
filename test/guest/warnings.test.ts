import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { readWarning, WARNINGS } from '../../shared/guest/warnings.ts';

/** The warning codes that the scripts of a folder can send. */
function sent(folder: string, pattern: RegExp): string[] {
  const at = new URL(`../../shared/guest/${folder}/`, import.meta.url);
  const text = readdirSync(at)
    .filter((name) => /\.(?:sh|ps1)$/.test(name))
    .map((name) => readFileSync(new URL(name, at), 'utf8'))
    .join('\n');
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

const codes = new Set([...sent('linux', /\badd_warning ([a-z-]+)/g), ...sent('windows', /\$Warnings\['([a-z-]+)'\]/g)]);

test('every warning that a script can send has a sentence, and every sentence a script', (t) => {
  t.deepEqual([...codes].sort(), Object.keys(WARNINGS).sort());
});

test('a code of a newer script is shown as it is', (t) => {
  t.deepEqual(readWarning('brand-new'), { code: 'brand-new', text: 'brand-new' });
  t.is(readWarning('constructor').text, 'constructor');
  t.regex(readWarning('forwarding').text, /containers/);
});

test('what a warning names is in its sentence', (t) => {
  const { code, text } = readWarning('source-rule-missing from 10.0.1.11 priority 30401 lookup 30401');
  t.is(code, 'source-rule-missing');
  t.regex(text, /: ip rule add from 10\.0\.1\.11 priority 30401 lookup 30401$/);
});
