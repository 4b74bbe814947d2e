import test from 'ava';
import { refusalOf } from '../../../shared/guest/windows/refusal.ts';
import { findingText } from '../../../shared/model/findings.ts';

/** As the console shows an error: its words, in any language, then category and id. */
const shown = (words: string, category: string, id: string) =>
  `${words}\r\nAt C:\\Packages\\script.ps1:22 char:1\r\n+ $Clock = [System.Diagnostics.Stopwatch]::StartNew()\r\n+ ~~~~~~~~~~~~~~~\r\n    + CategoryInfo          : ${category}\r\n    + FullyQualifiedErrorId : ${id}\r\n \r\n`;

const CONSTRAINED = 'MethodInvocationNotSupportedInConstrainedLanguage';
const POLICY = 'SecurityError: (:) [], ParentContainsErrorRecordException';

for (const [title, text, code, id] of [
  [
    'a language mode',
    shown('Cannot invoke method.', 'InvalidOperation: (:) [], RuntimeException', CONSTRAINED),
    'SCRIPT_CONSTRAINED',
    CONSTRAINED,
  ],
  [
    'a language mode, on another type of call',
    shown('Der Typ kann nicht erstellt werden.', 'PermissionDenied', 'CannotCreateTypeConstrainedLanguage,New-Object'),
    'SCRIPT_CONSTRAINED',
    'CannotCreateTypeConstrainedLanguage',
  ],
  [
    'an id that the console broke',
    `    + FullyQualifiedErrorId : MethodInvocationNotSupportedInConst\r\n   rainedLanguage\r\n`,
    'SCRIPT_CONSTRAINED',
    CONSTRAINED,
  ],
  [
    'an execution policy, for powershell -File',
    shown('File C:\\a.ps1 cannot be loaded because running scripts is disabled.', POLICY, 'UnauthorizedAccess'),
    'SCRIPTS_FORBIDDEN',
    'UnauthorizedAccess',
  ],
  [
    'the same, as the last words and nothing after',
    '    + FullyQualifiedErrorId : UnauthorizedAccess',
    'SCRIPTS_FORBIDDEN',
    'UnauthorizedAccess',
  ],
  [
    'the same, followed by other words',
    '    + FullyQualifiedErrorId : UnauthorizedAccess\nand so on',
    'SCRIPTS_FORBIDDEN',
    'UnauthorizedAccess',
  ],
  [
    'an execution policy, for a script that calls one',
    shown(
      'La exécution de scripts est désactivée.',
      'SecurityError: (:) [], PSSecurityException',
      'UnauthorizedAccess',
    ),
    'SCRIPTS_FORBIDDEN',
    'PSSecurityException',
  ],
  [
    'an antivirus',
    shown(
      'This script contains malicious content.',
      'ParserError: (:) [], ParseException',
      'ScriptContainedMaliciousContent',
    ),
    'SCRIPT_CALLED_MALICIOUS',
    'ScriptContainedMaliciousContent',
  ],
] as const) {
  test(`${title}: ${code}`, (t) => {
    const found = refusalOf(text);
    t.is(found?.code, code);
    t.is(found?.params.id, id);
    t.true(found && findingText(found).includes(`(${id})`));
  });
}

for (const text of [
  '',
  'ILB-HAIRPIN-GUARD',
  shown(
    'Access to the path is denied.',
    'PermissionDenied: (C:\\a:String) [Get-Item], UnauthorizedAccessException',
    'GetItemUnauthorizedAccessError,Get-Item',
  ),
  shown('no', 'PermissionDenied', 'UnauthorizedAccess,Microsoft.PowerShell.Commands.SetContentCommand'),
  shown('no', 'PermissionDenied', 'UnauthorizedAccessException'),
  'UnauthorizedAccess',
  '/bin/bash: Permission denied',
]) {
  test(`no refusal: ${JSON.stringify(text.slice(0, 60))} ${text.length}`, (t) => t.is(refusalOf(text), undefined));
}
