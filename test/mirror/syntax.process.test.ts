/** The notifier for Windows holds nothing that Windows PowerShell 5.1 and .NET Framework 4.6.2 lack. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { useEngine } from '../guest/windows/engine.ts';
import { tooNew } from '../guest/windows/tooNew.ts';

const { engineTest, engine } = useEngine();
const text = readFileSync(new URL('../../mirror/tell-failover.ps1', import.meta.url), 'utf8');

engineTest('the notifier holds nothing that Windows PowerShell 5.1 lacks', async (t) => {
  t.deepEqual(tooNew(text, await engine.syntax(text)), []);
});

test('the notifier is plain ASCII without tabs', (t) => {
  t.regex(text, /^[\x20-\x7e\r\n]*$/);
});

test('it takes neither what hides a refusal nor what is looked up by culture', (t) => {
  const code = text.replaceAll(/^\s*#.*$/gm, '');
  t.notRegex(code, /Invoke-(?:WebRequest|RestMethod|Expression)/);
  t.notRegex(code, /\s-(?:i?match|i?replace|notmatch|split|like)\s/);
});
