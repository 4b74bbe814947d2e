/** Code in documents is what it says it is, and can be read as such. */
import { spawnSync } from 'node:child_process';
import test from 'ava';
import { documents } from '../helpers/markdown.ts';
import { testNeeding } from '../needs.ts';

const blocks = documents().flatMap((document) => document.blocks);
const of = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));

/** Each with what reads it; a block without one is what a program prints, or a drawing. */
const READ_BY: Record<string, string> = {
  bash: 'bash, below',
  powershell: 'PowerShell’s parser: powershell.process.test.ts',
  kusto: 'test/functions/logs.process.test.ts',
  objectscript: 'test/mirror/zhairpin.test.ts',
  '': 'nobody',
};

test('every language is read by something', (t) => {
  t.true(blocks.length > 150);
  for (const { language, where } of blocks) t.true(language in READ_BY, `${where}: ${language}`);
});

const isShell = (input: string) => spawnSync('bash', ['-n'], { input, encoding: 'utf8' });

testNeeding(['bash'])('shell', (t) => {
  const shell = of('bash');
  t.true(shell.length > 100);
  // One bash reads all of them, each as a function of its own; only if it cannot, one after another.
  const together = isShell(shell.map(({ text }, index) => `block${index}() {\n${text}\n}`).join('\n'));
  if (together.status === 0) return t.pass();
  for (const { text, where } of shell) {
    const { status, stderr } = isShell(text);
    t.is(status, 0, `${where}: ${stderr}`);
  }
  t.fail(together.stderr);
});

testNeeding(['bash'])('shell that bash cannot read is found', (t) => {
  t.not(isShell('block0() {\nif true; do echo\n}').status, 0);
});

test('what is no shell has no command of ours at the beginning of a line', (t) => {
  for (const { text, where } of of('')) {
    // A transcript shows the command after a prompt.
    t.notRegex(text, /^(?:npm|npx|node|az|azd|curl|ip|git|dotnet|\.ci\/run)\b/m, where);
  }
});
