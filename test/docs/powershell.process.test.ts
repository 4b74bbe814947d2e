/** PowerShell in documents can be read by PowerShell's own parser. */

import { useEngine } from '../guest/windows/engine.ts';
import { documents } from '../helpers/markdown.ts';

const { engineTest, engine } = useEngine();
const blocks = documents().flatMap((document) => document.blocks.filter(({ language }) => language === 'powershell'));

engineTest('PowerShell of the documents', async (t) => {
  t.true(blocks.length > 6);
  for (const { text, where } of blocks) t.deepEqual((await engine.syntax(text)).errors, [], where);
});

engineTest('what is none is found', async (t) => {
  t.not((await engine.syntax('foreach ($a in ')).errors.length, 0);
});
