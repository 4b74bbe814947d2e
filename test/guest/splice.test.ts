import test from 'ava';
import { planLines, withAssignments } from '../../shared/guest/splice.ts';
import { COMMAND_ID } from './commands.ts';

const [BEGIN, END] = ['# --- plan ---\n', '# --- end of plan ---\n'];

test('assignments stand between the marks, the id in the second line, the rest as it is', (t) => {
  const script = `#!/bin/bash\n# words\n${BEGIN}OLD=1\n${END}run\n`;
  t.is(
    withAssignments(script, 'guard.sh', COMMAND_ID, ['A=1', 'B=2']),
    `#!/bin/bash\n# ilb-hairpin-guard command ${COMMAND_ID}\n# words\n${BEGIN}A=1\nB=2\n${END}run\n`,
  );
  const second = withAssignments(`#!/bin/bash\n${BEGIN}${END}`, 'guard.sh', COMMAND_ID, ['A=1']);
  t.is(
    second,
    `#!/bin/bash\n# ilb-hairpin-guard command ${COMMAND_ID}\n${BEGIN}A=1\n${END}`,
    'marks right behind the first line',
  );
});

test('a script that has lost a mark, has them the wrong way round or in its first line', (t) => {
  for (const script of [
    '',
    '#!/bin/bash\n',
    `#!/bin/bash\n${BEGIN}`,
    `#!/bin/bash\n${END}`,
    `#!/bin/bash\n${END}${BEGIN}`,
    `${BEGIN}${END}`,
  ]) {
    t.throws(() => withAssignments(script, 'guard.sh', COMMAND_ID, []), {
      message: 'guard.sh has lost the marks of its plan.',
    });
  }
});

test('the lines of a plan are read back, whatever the line ends', (t) => {
  const script = `first\n${BEGIN}A=1\nB=2\n${END}run\n`;
  t.deepEqual(planLines(script), ['A=1', 'B=2']);
  t.deepEqual(planLines(script.replaceAll('\n', '\r\n')), ['A=1', 'B=2']);
  t.deepEqual(planLines(`${BEGIN}A=1\n${END}`), ['A=1'], 'marks at the very beginning');
  for (const none of ['', BEGIN, END, `${END}${BEGIN}A=1\n`]) t.deepEqual(planLines(none), [], none);
});
