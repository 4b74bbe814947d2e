/** guard.ps1 runs under Windows PowerShell 5.1 with the modules of Windows Server 2016: nothing newer is in it. */
import test from 'ava';
import allowed from './allowed-5.1.json' with { type: 'json' };
import { useEngine } from './engine.ts';
import { command, rendered, SCRIPT } from './harness.ts';
import { tooNew } from './tooNew.ts';

const { engineTest, engine } = useEngine();

const dotnet: Record<string, string[]> = allowed.dotnet;

engineTest('guard.ps1 holds nothing that Windows PowerShell 5.1 and Windows Server 2016 lack', async (t) => {
  for (const text of [SCRIPT, rendered('apply', command('apply').plan.frontends)]) {
    t.deepEqual(tooNew(text, await engine.syntax(text)), []);
  }
});

const NEWER: [string, RegExp][] = [
  ['$a ?? 1', /QuestionQuestion /],
  ['$a ??= 1', /QuestionQuestionEquals/],
  ['$\x7ba}?.Length', /QuestionDot/],
  ['$\x7ba}?[0]', /QuestionLBracket/],
  ['$a ? 1 : 2', /TernaryExpressionAst/],
  ['Get-NetRoute && Get-NetAdapter', /AndAnd/],
  ['Get-NetRoute || Get-NetAdapter', /OrOr/],
  ['Get-NetRoute &', /Background/],
  ['function f { clean { 1 } }', /Clean/],
  ['0b11', /Number 0b11/],
  ['1n', /Number 1n/],
  ['"`u{2713}"', /escape/],
  ['Test-Connection -TargetName x', /cmdlet Test-Connection/],
  ['ConvertTo-Json 1', /cmdlet ConvertTo-Json/],
  ['1 | ForEach-Object -Parallel { $_ }', /ForEach-Object -Parallel/],
  ['Get-NetAdapter -Everything', /Get-NetAdapter -Everything/],
  ['[System.Half]1', /type System.Half/],
  ['[System.Net.IPAddress]::IsValid("a")', /member System.Net.IPAddress.IsValid/],
  ['"a".Contains([char]"a")', /member .Contains/],
  ['if (', /line 1/],
];
for (const [text, expected] of NEWER) {
  engineTest(`refused: ${text}`, async (t) => {
    const found = tooNew(text, await engine.syntax(text));
    t.true(
      found.some((one) => expected.test(one)),
      found.join('\n'),
    );
  });
}

engineTest('every .NET member on the list is in .NET Framework 4.6.2', async (t) => {
  const types = Object.keys(dotnet);
  const framework = await engine.framework([...types, 'System.Half', 'System.Threading.PeriodicTimer']);
  for (const type of types) {
    const has = framework[type];
    t.truthy(has, type);
    t.deepEqual(
      (dotnet[type] ?? []).filter((name) => !has?.includes(name)),
      [],
      type,
    );
  }
  t.is(framework['System.Half'], null, 'a type of .NET 5 is not found');
  t.false(framework['System.Net.Sockets.TcpClient']?.includes('Nothing'));
});

test('guard.ps1 is plain ASCII without tabs', (t) => {
  t.regex(SCRIPT, /^[\x20-\x7e\n]*$/);
});

engineTest('every call of a networking cmdlet says what an error shall do', async (t) => {
  const { commands } = await engine.syntax(SCRIPT);
  const calls = commands.filter(({ name }) => /-(Net|Dns)/.test(name));
  t.true(calls.length >= 9);
  for (const { name, parameters, line } of calls) t.true(parameters.includes('ErrorAction'), `${name} (line ${line})`);
});
