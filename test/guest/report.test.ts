import test from 'ava';
import fc from 'fast-check';
import { ReportError } from '../../shared/errors.ts';
import { parseReport } from '../../shared/guest/report.ts';
import { DRIFT_LETTERS, MARKER, OUTCOME_LETTERS } from '../../shared/guest/wire.ts';
import { COMMAND_ID, commandOf, frontendOf } from './commands.ts';

const command = commandOf({ plan: { frontends: [frontendOf(), frontendOf({ vip: '10.0.1.101', port: 51773 })] } });
const entries = ['0;RYLK;;t3001;o12;s;', '1;;=;o4;=;r;b'];
const line = (fields: object = {}, id = COMMAND_ID): string =>
  `${MARKER} ${id} ${JSON.stringify({ v: 1, os: 'linux', mode: 'apply', chg: 3, p: entries, w: [], ...fields })}`;

const codeOf = (output: string): string => {
  try {
    parseReport(output, command);
  } catch (error) {
    if (error instanceof ReportError) return error.code;
    throw error;
  }
  return 'read';
};

test('a report is read, its letters as words', (t) => {
  t.deepEqual(parseReport(`${line({ w: ['rp-filter-strict'] })}\n`, command), {
    schema: 1,
    commandId: COMMAND_ID,
    os: 'linux',
    mode: 'apply',
    changed: 3,
    warnings: ['rp-filter-strict'],
    paths: [
      {
        vip: '10.0.1.100',
        before: ['route-missing', 'reply-route', 'reply-rule', 'lookup-rule'],
        after: [],
        connectBefore: { outcome: 'timeout', ms: 3001 },
        connectAfter: { outcome: 'ok', ms: 12 },
        source: '10.0.1.11',
        proof: 'self',
      },
      {
        vip: '10.0.1.101',
        before: [],
        after: [],
        connectBefore: { outcome: 'ok', ms: 4 },
        connectAfter: { outcome: 'ok', ms: 4 },
        source: '10.0.1.10',
        proof: 'remote',
      },
    ],
  });
});

test('every letter has its word, and no other letter is taken', (t) => {
  for (const [letter, drift] of Object.entries(DRIFT_LETTERS)) {
    const report = parseReport(line({ p: [`0;${letter};;o1;=;n;`, entries[1]] }), command);
    t.deepEqual(report.paths[0]?.before, [drift]);
  }
  for (const [letter, outcome] of Object.entries(OUTCOME_LETTERS)) {
    t.is(
      parseReport(line({ p: [`0;;;${letter}7;=;n;`, entries[1]] }), command).paths[0]?.connectAfter.outcome,
      outcome,
    );
  }
  for (const entry of ['0;Q;;o1;o1;s;', '0;;;x1;o1;s;', '0;;;o1;o1;x;', '0;;;a1;o1;s;', '0;;;o1;o1;s']) {
    t.is(codeOf(line({ p: [entry, entries[1]] })), 'REPORT_INVALID', entry);
  }
});

test('a connect that was not made has no source; neither has one whose source could not be told', (t) => {
  t.false('source' in (parseReport(line({ p: ['0;;;n;n;n;', entries[1]] }), command).paths[0] ?? {}));
  t.false('source' in (parseReport(line({ p: ['0;;;t9;=;n;-', entries[1]] }), command).paths[0] ?? {}));
});

test('paths come back in the plan’s order', (t) => {
  const report = parseReport(line({ p: entries.toReversed() }), command);
  t.deepEqual(
    report.paths.map((path) => path.vip),
    ['10.0.1.100', '10.0.1.101'],
  );
});

test('an error brings its code and detail, and may lack paths', (t) => {
  const report = parseReport(line({ p: [], e: 'NIC_NOT_FOUND', d: '00:0d:3a:00:00:02' }), command);
  t.is(report.errorCode, 'NIC_NOT_FOUND');
  t.is(report.errorDetail, '00:0d:3a:00:00:02');
  t.deepEqual(report.paths, []);
});

test('noise, CRLF, a cut beginning and older reports before it do no harm', (t) => {
  t.is(codeOf(`noise\r\nmore\r\n${line()}\r\n`), 'read');
  t.is(codeOf(`${'x'.repeat(9000)}\n${line()}\n`.slice(-4096)), 'read');
  t.is(codeOf(`${line({}, 'f'.repeat(32))}\n${line()}\nlast words of a shell\n`), 'read');
  t.is(codeOf(`no end of line${line()}`), 'read');
});

test('the last marker counts', (t) => {
  t.is(codeOf(`${line()}\n${line({}, 'f'.repeat(32))}`), 'REPORT_OF_ANOTHER_RUN');
  t.is(codeOf(`${line()}\n${MARKER}`), 'REPORT_CUT');
});

test('no report at all', (t) => {
  for (const output of ['', ' \r\n', 'bash: command not found', '{"v":1}']) t.is(codeOf(output), 'REPORT_MISSING');
});

test('a report cut anywhere is told as cut, never read', (t) => {
  const whole = line();
  for (let length = MARKER.length; length < whole.length; length += 1) {
    t.is(codeOf(whole.slice(0, length)), 'REPORT_CUT', whole.slice(0, length));
  }
});

for (const [what, output] of Object.entries({
  'not JSON': `${MARKER} ${COMMAND_ID} {nonsense}`,
  'no object': `${MARKER} ${COMMAND_ID} 12`,
  'no id': `${MARKER} hello {"v":1}`,
  'another version': line({ v: 2 }),
  'an unknown system': line({ os: 'plan9' }),
  'another mode': line({ mode: 'check' }),
  'an unknown field': line({ extra: 1 }),
  'a negative count': line({ chg: -1 }),
  'an unknown error': line({ e: 'OUT_OF_COFFEE' }),
  'a detail with markup': line({ e: 'BUSY', d: '<script>' }),
  'a warning with markup': line({ w: ['<b>'] }),
  'a path out of range': line({ p: [...entries, '2;;;o1;=;r;'] }),
  'a path twice': line({ p: [...entries, '1;;;o1;=;r;'] }),
  'a missing path': line({ p: [entries[0]] }),
  'a path that is no text': line({ p: [1, 2] }),
})) {
  test(`refused: ${what}`, (t) => {
    t.is(codeOf(output), 'REPORT_INVALID');
  });
}

test('whatever is printed, nothing but ReportError is thrown', (t) => {
  const mutated = fc.tuple(fc.nat(line().length), fc.nat(12), fc.string()).map(([at, cut, put]) => {
    const whole = line();
    return whole.slice(0, at) + put + whole.slice(at + cut);
  });
  const wild = fc.oneof(
    fc.string(),
    fc.json().map((json) => `${MARKER} ${COMMAND_ID} ${json}`),
    mutated,
  );
  fc.assert(
    fc.property(wild, (output) => void t.is(typeof codeOf(output), 'string')),
    { numRuns: 3000 },
  );
});
