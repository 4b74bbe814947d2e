/** PowerShell in documents: PowerShell’s own parser reads it, and what is for a Windows guest runs on the modelled one. */
import test from 'ava';
import { useEngine } from '../guest/windows/engine.ts';
import { command, frontend, hostRoutes, kept, member, run } from '../guest/windows/harness.ts';
import { documents } from '../helpers/markdown.ts';

const { engineTest, engine } = useEngine();
const blocks = documents().flatMap(({ file, blocks: all }) =>
  all.filter(({ language }) => language === 'powershell').map((block) => ({ ...block, file })),
);

engineTest('PowerShell of the documents', async (t) => {
  t.true(blocks.length > 6);
  for (const { text, where } of blocks) t.deepEqual((await engine.syntax(text)).errors, [], where);
});

engineTest('what is none is found', async (t) => {
  t.not((await engine.syntax('foreach ($a in ')).errors.length, 0);
});

/** The only lines that no test runs, by what they hold, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'New-Item -ItemType Directory ':
    'a folder is made on Windows; the script in it is run by test/mirror/tellFailoverWindows.process.test.ts',
  'Copy-Item ': 'as above',
  'powershell.exe ': 'as above',
  'Test-NetConnection ': 'a program of Windows that the model does not have',
  'Get-NetTCPConnection ': 'a program of Windows that the model does not have',
  $c: 'the connection whose ends that program shows',
  'Get-ExecutionPolicy ': 'a policy of Windows',
  gpresult: 'a policy of Windows',
  'Get-AppLockerPolicy ': 'a policy of Windows',
  'Get-WinEvent ': 'Windows’ own log',
  'Get-MpThreatDetection': 'Windows’ own antivirus',
  'Get-MpComputerStatus': 'Windows’ own antivirus',
};
const isRun = (line: string): boolean => !Object.keys(NOT_RUN).some((held) => line.includes(held));

/**
 * What the engine has no module for, over the model: the registry by paths, and tables and lists, which here refuse a
 * property that no object has.
 */
const MODULES = `
$ErrorActionPreference = 'Stop'
function Key([string] $Path) {
    [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey($Path.Substring('HKLM:\\'.Length))
}
function Get-Item { [CmdletBinding()] param([string] $Path) Key $Path }
function Get-ChildItem { [CmdletBinding()] param([string] $Path) foreach ($name in 'Routes', 'Displaced') { $key = Key "$Path\\$name"; if ($key) { $key.GetValueNames() } } }
function Get-ItemProperty { [CmdletBinding()] param([string] $Path) $key = Key $Path; if ($key) { $key.GetValueNames() } }
function Remove-Item {
    [CmdletBinding()] param([string] $Path, [switch] $Recurse)
    [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').DeleteSubKeyTree($Path.Substring('HKLM:\\'.Length), $true)
}
${['Format-List', 'Format-Table']
  .map(
    (name) => `function ${name} {
    param([string[]] $Property, [Parameter(ValueFromPipeline)] $InputObject)
    begin { $seen = @{} }
    process {
        foreach ($name in $Property) {
            if ($null -eq $InputObject.PSObject.Properties[$name]) { continue }
            $seen[$name] = $true
            "$name=$($InputObject.$name)"
        }
    }
    end { foreach ($name in $Property) { if (-not $seen[$name]) { throw "no property $name" } } }
}`,
  )
  .join('\n')}
`;

/** What a block shows, and what must then be so. */
const SHOWS: [holds: string, shows: RegExp][] = [
  ['# Host routes, now', /DestinationPrefix=10\.0\.1\.100\/32[\s\S]*InterfaceAlias=/],
  ['# 1. Our routes', /^/],
  ['Get-NetAdapter | Format-Table Name, ifIndex, Status', /10\.0\.1\.100 \{/],
  ['[Environment]::OSVersion', /\d+\.\d+/],
  ['Find-NetRoute -RemoteIPAddress 10.0.1.100 | Format-List InterfaceAlias', /NextHop=10\.0\.1\.1/],
  ['$ExecutionContext.SessionState.LanguageMode', /FullLanguage/],
];

engineTest('what documents say to type in a Windows guest runs there', async (t) => {
  const typed = blocks
    .map(({ text, where }) => ({ where, text: text.split('\n').filter(isRun).join('\n') }))
    .filter(({ text }) => text.trim() !== '');
  t.is(typed.length, SHOWS.length);
  const { state } = await run(engine, member(), command('apply', [frontend(100), frontend(101)]));
  t.is(hostRoutes(state).length, 4);
  for (const [holds, shows] of SHOWS) {
    const { text, where } = typed.find((block) => block.text.includes(holds)) ?? t.fail(holds);
    const { stdout, stderr } = await engine.runScript(state, `${MODULES}${text}`);
    t.is(stderr, '', where);
    t.regex(stdout, shows, where);
  }
});

engineTest('what docs/windows.md says to undo it by hand undoes it', async (t) => {
  const block = blocks.find(({ file, text }) => file === 'docs/windows.md' && text.includes('Remove-NetRoute'));
  const { state } = await run(engine, member(), command('apply', [frontend(100), frontend(101)]));
  const { state: after, stderr } = await engine.runScript(state, `${MODULES}${block?.text}`);
  t.is(stderr, '');
  t.deepEqual(kept(after), kept(member()));
});

test('no line is left out that there is not', (t) => {
  const all = blocks.map(({ text }) => text).join('\n');
  for (const held of Object.keys(NOT_RUN)) t.true(all.includes(held), held);
});
