import test from 'ava';
import { COMMAND_ID, commandIdIn, commandIdOf, commandLine } from '../../shared/model/commandId.ts';

const ID = '0123456789abcdef0123456789abcdef';
const script = `#!/bin/bash\n${commandLine(ID)}\necho hello\n`;

test('a command id is of its VM and number alone', (t) => {
  t.is(commandIdOf('vm', 1), commandIdOf('vm', 1));
  t.regex(commandIdOf('vm', 1), COMMAND_ID);
  t.is(new Set([commandIdOf('vm', 1), commandIdOf('vm', 11), commandIdOf('vm1', 1), commandIdOf('vm\n1', 1)]).size, 4);
});

test('the line is the one that scripts on VMs have had so far', (t) => {
  t.is(commandLine(ID), `# ilb-hairpin-guard command ${ID}`);
});

test('the id is read back from the line, whatever ends it', (t) => {
  t.is(commandIdIn(script), ID);
  t.is(commandIdIn(script.replaceAll('\n', '\r\n')), ID);
});

test('a script of somebody else has none', (t) => {
  t.is(commandIdIn(`${commandLine(ID)}0`), undefined);
  t.is(commandIdIn(`echo "${commandLine(ID)}"`), undefined);
  t.is(commandIdIn('Write-Host Hello'), undefined);
  t.is(commandIdIn(''), undefined);
  t.is(commandIdIn(undefined), undefined);
});
