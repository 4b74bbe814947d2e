/** guard.ps1 runs under Windows PowerShell 5.1 with the modules of Windows Server 2016: nothing newer is in it. */
import test from 'ava';
import type { WindowsSyntax } from '../../../simulator/guests/windows/engine.ts';
import allowed from './allowed-5.1.json' with { type: 'json' };
import { useEngine } from './engine.ts';
import { command, rendered, SCRIPT } from './harness.ts';

const { engineTest, engine } = useEngine();

const cmdlets: Record<string, string[]> = allowed.cmdlets;
const dotnet: Record<string, string[]> = allowed.dotnet;
const acceleratorTypes: Record<string, string> = allowed.acceleratorTypes;
const listed = (group: Record<string, string | string[]>) =>
  Object.values(group).flatMap((one) => (Array.isArray(one) ? one : []));

/** Everything in a script that Windows PowerShell 5.1 or Windows Server 2016 may not have, one line each. */
function tooNew(text: string, syntax: WindowsSyntax): string[] {
  const found: string[] = [...syntax.errors];
  const say = (what: string, line: number) => found.push(`${what} (line ${line})`);
  for (const { name, line } of syntax.tokens) {
    if (allowed.refusedTokens.includes(name)) say(name, line);
    if (name.startsWith('Number') && !/^Number (\d+(\.\d+)?|0x[0-9a-f]+)$/i.test(name)) say(name, line);
  }
  for (const { name, line } of syntax.nodes) if (allowed.refusedNodes.includes(name)) say(name, line);
  const own = new Set(syntax.functions);
  for (const { name, parameters, line } of syntax.commands) {
    if (own.has(name) || name === 'Ampersand VariableExpressionAst') continue;
    const known = cmdlets[name];
    if (!known) say(`cmdlet ${name}`, line);
    for (const parameter of parameters) {
      if (known && ![...known, ...allowed.commonParameters].includes(parameter)) say(`${name} -${parameter}`, line);
    }
  }
  const types = new Set([...Object.keys(dotnet), ...Object.keys(allowed.powershell), ...allowed.accelerators]);
  for (const { name, line } of syntax.types) {
    if (!types.has(name) && !(name in acceleratorTypes)) say(`type ${name}`, line);
  }
  const instance = new Set([...syntax.keys, ...listed(dotnet), ...listed(allowed.powershell), ...listed(allowed.cim)]);
  // Keys that a hashtable gets by assignment.
  for (const [, key] of text.matchAll(/\$\w+\.(\w+) = /g)) if (key) instance.add(key);
  for (const { type, name, line } of syntax.members) {
    const has = type === undefined ? instance.has(name) : dotnet[acceleratorTypes[type] ?? type]?.includes(name);
    if (!has) say(`member ${type ?? ''}.${name}`, line);
  }
  if (/`[eu]/.test(text.replaceAll(/^\s*#.*$/gm, ''))) found.push('escape `e or `u');
  return found;
}

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
