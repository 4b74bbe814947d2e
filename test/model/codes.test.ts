/** Every code that the loop can produce has its sentence, and every sentence a code that the loop can produce. */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { COMMAND_FAILURES, commandFailureText } from '../../shared/model/commandFailures.ts';
import { FINDINGS, finding, findingText } from '../../shared/model/findings.ts';
import { GUEST_ERRORS, guestErrorText } from '../../shared/model/guestErrors.ts';
import { WAITS, waitText } from '../../shared/model/waits.ts';

const ROOT = join(import.meta.dirname, '../..');
const ERRORS = readFileSync(join(ROOT, 'shared/errors.ts'), 'utf8');

/** The codes of errors, from the union that types them. */
const errorCodes = new Set(
  [...(/export type ErrorCode =([^;]+);/.exec(ERRORS)?.[1] ?? '').matchAll(/'([A-Z_]+)'/g)].map(
    ([, code = '']) => code,
  ),
);

/** Texts in capitals that stand in the loop's sources, without their comments. */
async function codesOfLoop(): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const file of glob('shared/{reconcile,decide}/**/*.ts', { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    for (const [, code = ''] of text.matchAll(/['"`]([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)['"`]/g)) found.add(code);
  }
  return found;
}

test('a code in the loop’s sources is a wait, a failure, a finding, a guest’s or an error’s code', async (t) => {
  const codes = await codesOfLoop();
  t.true(
    codes.has('MEMBER_BUSY') && codes.has('COMMAND_TIMED_OUT') && errorCodes.has('AZURE_FAILED'),
    'they were found',
  );
  const tables: object[] = [WAITS, COMMAND_FAILURES, FINDINGS, GUEST_ERRORS];
  const unknown = [...codes].filter(
    (code) => !errorCodes.has(code) && !tables.some((table) => Object.hasOwn(table, code)),
  );
  t.deepEqual(unknown, []);
});

test('no wait and no failure of a command is told that nothing produces', async (t) => {
  const codes = await codesOfLoop();
  const told = [...Object.keys(WAITS), ...Object.keys(COMMAND_FAILURES)];
  t.deepEqual(
    told.filter((code) => !codes.has(code) && !errorCodes.has(code)),
    [],
  );
});

test('a command can fail with every error of Azure, of a report and of a plan', (t) => {
  const failing = [...errorCodes].filter((code) => /^(AZURE|REPORT)_|^PLAN_INVALID$/.test(code));
  t.true(failing.length >= 11);
  for (const code of failing) t.true(Object.hasOwn(COMMAND_FAILURES, code), code);
});

for (const [name, table, textOf] of [
  ['waits', WAITS, waitText],
  ['failures of commands', COMMAND_FAILURES, commandFailureText],
  ['errors of guests', GUEST_ERRORS, guestErrorText],
] as const) {
  test(`${name}: codes in capitals, whole sentences, and an answer for every other code`, (t) => {
    for (const [code, sentence] of Object.entries(table)) {
      t.regex(code, /^[A-Z][A-Z0-9_]+$/);
      t.regex(sentence, /^[A-Z].*[^ ]\.$/, code);
      t.notRegex(sentence, / {2}|\n|[{}]/, code);
      t.is(textOf(code), sentence);
    }
    for (const other of ['', 'OF_AN_OLDER_PROGRAM', 'constructor', '__proto__']) {
      t.regex(textOf(other), /^(It|Look|This)\b.*\.$/, other);
    }
  });
}

test('a failed command is told with what its code means, also of rows whose code is not known any more', (t) => {
  const told = (code: string) => findingText(finding('COMMAND_FAILED', { code, detail: 'why' }));
  t.true(told('COMMAND_TIMED_OUT').includes(`(COMMAND_TIMED_OUT: why). ${COMMAND_FAILURES.COMMAND_TIMED_OUT} `));
  t.true(told('OLD_CODE').includes(`(OLD_CODE: why). ${commandFailureText('OLD_CODE')} `));
  t.true(
    findingText(finding('COMMAND_FAILED')).startsWith('The Run Command did not deliver a report ({code}: {detail}).'),
  );
  const guest = findingText(finding('GUEST_FAILED', { code: 'TOOL_MISSING', detail: 'ss' }));
  t.true(guest.includes(`ended with TOOL_MISSING: ss. ${GUEST_ERRORS.TOOL_MISSING} `));
});
