import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { WARNINGS, warningText } from '../../shared/guest/warnings.ts';

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
  t.is(warningText('brand-new'), 'brand-new');
  t.is(warningText('constructor'), 'constructor');
  t.regex(warningText('forwarding'), /containers/);
});
