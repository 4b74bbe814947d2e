/** What is read of a guest’s report, and how each fault of it is told. Long: one source has one test file. */
import test from 'ava';
import fc from 'fast-check';
import { ReportError } from '../../shared/errors.ts';
import { MAX_REPORT_CHARACTERS, parseReport } from '../../shared/guest/report.ts';
import { DRIFT_LETTERS, MARKER, OUTCOME_LETTERS } from '../../shared/guest/wire.ts';
import { MAX_FRONTENDS } from '../../shared/model/guest.ts';
import { COMMAND_ID, commandOf, frontendOf, frontendsOf } from './commands.ts';

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

/** A report about as many frontends as a command can carry, with every drift in every path. */
const largeCommand = commandOf({ plan: { frontends: frontendsOf(MAX_FRONTENDS) } });
const large = (fw: readonly string[]): string =>
  `${MARKER} ${COMMAND_ID} ${JSON.stringify({
    v: 1,
    os: 'linux',
    mode: 'apply',
    chg: 100_000,
    p: largeCommand.plan.frontends.map((_, i) => `${i};PPPPPPPPPPPPPP;=;t9999999;=;n;255.255.255.255`),
    w: Array(40).fill(`w${'-'.repeat(39)}`),
    fw,
  })}`;
const sizeOf = (output: string): number => JSON.stringify(parseReport(output, largeCommand)).length;

test('a report that names each path over and over stays as small as any other', (t) => {
  const zone = `firewalld:zone:${'a'.repeat(20)}`;
  const over = `0-63${'.0-63'.repeat(30)}`;
  const printed = large(Array(20).fill(`o;-;-;${zone};${over}`));
  t.true(printed.length < 12_000);
  t.true(sizeOf(printed) <= MAX_REPORT_CHARACTERS);
});

test('whatever a report says of firewalls, it has a bound: no place twice, eight a path', (t) => {
  const number = fc.integer({ min: 0, max: 63 });
  const list = fc
    .array(
      fc.oneof(
        number.map(String),
        fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      ),
      {
        minLength: 1,
        maxLength: 40,
      },
    )
    .map((parts) => parts.join('.'));
  const device = fc.constantFrom('-', 'e'.repeat(15));
  const place = fc.oneof(
    fc
      .tuple(fc.constantFrom('zone', 'policy'), fc.nat(30))
      .map(([kind, n]) => `firewalld:${kind}:${'a'.repeat(18)}${n}`),
    fc.nat(30).map((n) => `nft:inet:${'t'.repeat(32)}:${'c'.repeat(30)}${n}`),
    fc.constantFrom('none', 'unread:nft', 'iptables-legacy:security:POSTROUTING'),
  );
  const entry = fc
    .tuple(fc.constantFrom('o', 'i', 'p', 'q'), device, device, place, list)
    .map((fields) => fields.join(';'))
    .filter((text) => text.length <= 300);
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 256, size: 'max' }), (fw) => {
      const report = parseReport(large(fw), largeCommand);
      t.true(JSON.stringify(report).length <= MAX_REPORT_CHARACTERS);
      for (const { lost } of report.paths) {
        const places = [...(lost?.places ?? []), ...(lost?.replyPlaces ?? [])];
        t.true(places.length <= 8);
        t.is(new Set(places.map(({ rule }) => rule)).size, places.length);
      }
    }),
    { numRuns: 50 },
  );
});

test('a path that firewalls end is told one of them, however many paths and places there are', (t) => {
  const zones = Array.from({ length: 12 }, (_, i) => `o;-;-;firewalld:policy:${'a'.repeat(18)}${i + 10};0-63`);
  const { paths, warnings } = parseReport(large(zones), largeCommand);
  t.true(paths.every(({ lost }) => (lost?.places.length ?? 0) > 0));
  t.true(warnings.includes('firewalls-cut'));
});

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

test('what is wrong with a report is said', (t) => {
  const said = (output: string) => t.throws(() => parseReport(output, command), { instanceOf: ReportError })?.message;
  t.is(said(' \n'), 'The command printed nothing.');
  t.is(said('bash: command not found'), 'No report in the output.');
  t.regex(said(`${MARKER} ${COMMAND_ID} 7`) ?? '', /report: /);
  const ended = (proof: string) => said(line({ p: [`0;RYLK;;t3001;o12;${proof};`, entries[1]] })) ?? 'read';
  t.regex(ended('r51773'), /r51773\.0 is no accepted end/);
  t.regex(ended('s65536'), /s65536\.0 is no accepted end/);
  t.regex(ended('s51773.9'), /s51773\.9 is no accepted end/);
});

/** The first path of a report with this entry for it. */
const pathOf = (entry: string, of = command) => parseReport(line({ p: [entry, entries[1]] }), of).paths[0];

test('which backend address accepted the connect, and at which port', (t) => {
  const backends = ['10.0.1.10', '10.0.1.15'].map((ip) => ({ ip, mac: '00:0d:3a:00:00:01' }));
  const two = commandOf({ plan: { frontends: [frontendOf({ backends }), frontendOf({ vip: '10.0.1.101' })] } });
  const accepted = (proof: string) => pathOf(`0;;;o1;=;${proof};`, two)?.accepted;
  t.is(accepted('s'), undefined);
  t.deepEqual(accepted('s1972'), { ip: '10.0.1.10', port: 1972 });
  t.deepEqual(accepted('s51773.1'), { ip: '10.0.1.15', port: 51773 });
  t.deepEqual(accepted('s65535.0'), { ip: '10.0.1.10', port: 65535 });
});

test('the last connect’s own address: of one that was made, before or after', (t) => {
  const source = (entry: string) => pathOf(entry)?.source;
  t.is(source('0;;;o1;n;n;'), '10.0.1.11', 'one before alone');
  t.is(source('0;R;;n;o1;s;'), '10.0.1.11', 'one after alone');
  t.is(source('0;R;;n;=;n;b'), undefined);
  t.is(source('0;;;o1;=;r;b'), '10.0.1.10');
  t.is(source('0;;;o1;=;r;10.0.1.99'), '10.0.1.99');
  t.is(source('0;;;o1;=;r;-'), undefined);
});

test('drift after: as before, none, or its own; times are numbers, 0 where none is given', (t) => {
  const of = (entry: string) => {
    const { before, after, connectBefore, connectAfter } = pathOf(entry) ?? {};
    return [before, after, connectBefore, connectAfter];
  };
  const [R, Y] = ['route-missing', 'reply-route'];
  t.deepEqual(of('0;RY;=;o;=;s;'), [[R, Y], [R, Y], ...Array(2).fill({ outcome: 'ok', ms: 0 })]);
  t.deepEqual(of('0;RY;Y;t30;o4;s;'), [[R, Y], [Y], { outcome: 'timeout', ms: 30 }, { outcome: 'ok', ms: 4 }]);
  t.deepEqual(of('0;;R;o;n;n;')[1], [R]);
  t.deepEqual(of('0;;;t3000;o;s;').slice(2), [
    { outcome: 'timeout', ms: 3000 },
    { outcome: 'ok', ms: 0 },
  ]);
});

test('an entry that is none, or speaks of what is not there, is quoted', (t) => {
  const said = (entry: string) =>
    t.throws(() => pathOf(entry), { instanceOf: ReportError, code: 'REPORT_INVALID' })?.message ?? '';
  const long = 'P'.repeat(14);
  for (const entry of [
    ...['x0;;;o1;=;r;', '0;;;o1;=;r;b.', '100;;;o1;=;r;', ';;;o1;=;r;', 'a;;;o1;=;r;', '0;r;;o1;=;r;', '0;;r;o1;=;r;'],
    ...[
      `0;${long}P;;o1;=;r;`,
      `0;;${long}P;o1;=;r;`,
      '0;;==;o1;=;r;',
      '0;;;O1;=;r;',
      '0;;;1;=;r;',
      '0;;;o12345678;=;r;',
    ],
    ...[
      '0;;;ox;=;r;',
      '0;;;o1;x;',
      '0;;;o1;O1;r;',
      '0;;;o1;o12345678;r;',
      '0;;;o1;oo;r;',
      '0;;;o1;==;r;',
      '0;;;o1;=;R;',
    ],
    ...[
      '0;;;o1;=;s123456;',
      '0;;;o1;=;sx;',
      '0;;;o1;=;s1972.10;',
      '0;;;o1;=;s1972.x;',
      '0;;;o1;=;s1972x1;',
      '0;;;o1;=;;',
    ],
    ...['0;;;o1;=;r;c', '0;;;o1;=;r;10.0.1', '0;;;o1;=;r;10.0.1.1.1', '0;;;o1;=;r;10.0.1.1000', '0;;;o1;=;r;10.0.1.x'],
    ...['0;;;o1;=;r;10x0x1x1', '0;;;o1;=;r;x.0.0.1', '0;;;o1;=;r'],
  ]) {
    t.true(said(entry).includes(`${entry} is no path entry`), entry);
  }
  t.regex(said('2;;;o1;=;r;'), /path 2 is not in the plan/);
  t.regex(said('1;;;o1;=;r;'), /path 1 is there twice/);
  t.regex(said('0;Q;;o1;=;r;'), /Q is no letter for a drift/);
  t.regex(said('0;;Q;o1;=;r;'), /Q is no letter for a drift/);
  t.regex(said('0;;;x1;=;r;'), /x is no letter .*outcome/);
  t.regex(said('0;;;o1;=;q;'), /q is no letter for a proof/);
});

test('a report that is not of this command, cut, or not readable says which and what', (t) => {
  const thrown = (output: string) => {
    const error = t.throws(() => parseReport(output, command), { instanceOf: ReportError });
    return `${error?.code} ${error?.message}`;
  };
  const other = 'f'.repeat(32);
  t.true(
    thrown(line({}, other)).includes(`REPORT_OF_ANOTHER_RUN The report is of command ${other}, not of ${COMMAND_ID}.`),
  );
  t.true(thrown(`${MARKER} ${COMMAND_ID} {"v":1,`).includes(`REPORT_CUT The report ends early: ${COMMAND_ID} {"v":1,`));
  t.true(
    thrown(`${MARKER} hello {"v":1}`).includes('REPORT_INVALID The report is not usable: hello is no command id.'),
  );
  t.true(thrown(`${MARKER} ${COMMAND_ID} {nonsense}`).includes('The report is not usable: not JSON: {nonsense}.'));
  t.true(thrown(line({ mode: 'check' })).includes('mode is check, asked for was apply.'));
  t.true(thrown(line({ p: [entries[1]] })).includes('path 0 is missing.'));
  t.true(thrown(line({ fw: ['nonsense'] })).includes('nonsense is no firewall entry.'));
  t.regex(thrown(line({ chg: -1 })), /chg: .*>=0/);
});

test('a marker that ends a line cut there counts; a word that begins like one does not', (t) => {
  t.is(codeOf(`words ${MARKER}  `), 'REPORT_CUT');
  t.is(codeOf(`${line()}\n${MARKER}S of other programs`), 'read');
});

for (const [what, fields] of Object.entries({
  'more changes than there can be': { chg: 100_001 },
  'half a change': { chg: 1.5 },
  'a path of 121 characters': { p: ['x'.repeat(121), entries[1]] },
  '65 paths': { p: Array(65).fill(entries[0]) },
  '41 warnings': { w: Array(41).fill('rp-filter-strict') },
  'a warning of 41 characters': { w: ['w'.repeat(41)] },
  'a warning that begins with a capital': { w: ['Rp-filter'] },
  'a warning that begins with a digit': { w: ['9p'] },
  'a warning with an empty name': { w: ['rp-filter '] },
  'a warning with a line after it': { w: ['rp-filter\nx'] },
  'a warning with too long a name': { w: [`rp-filter ${'x'.repeat(121)}`] },
  'no firewall entry in the list': { fw: [] },
  'a firewall entry of 301 characters': { fw: ['x'.repeat(301)] },
  'a keeping service that is no 1': { k: 0 },
  'a detail of 121 characters': { e: 'BUSY', d: 'x'.repeat(121) },
  'a detail with markup before it': { e: 'BUSY', d: '<eth0' },
  'a detail with markup after it': { e: 'BUSY', d: 'eth0>' },
})) {
  test(`refused by its bounds: ${what}`, (t) => {
    t.throws(() => parseReport(line(fields), command), {
      instanceOf: ReportError,
      message: new RegExp(`${Object.keys(fields).at(-1)}(?:\\.|\\[|:)`),
    });
  });
}

test('the bounds themselves are taken', (t) => {
  const w = ['w'.repeat(40), `rp-filter ${'x'.repeat(120)}`, ...Array(38).fill('a')];
  t.deepEqual(parseReport(line({ w }), command).warnings, w);
  const d = `aZ09._:/ -${'x'.repeat(110)}`;
  t.like(parseReport(line({ chg: 100_000, k: 1, e: 'BUSY', d }), command), {
    ...{ changed: 100_000, heals: true, errorCode: 'BUSY', errorDetail: d },
  });
  t.is(parseReport(line({ e: 'BUSY', d: '' }), command).errorDetail, '');
  t.deepEqual(Object.keys(parseReport(line(), command)).sort(), [
    ...['changed', 'commandId', 'mode', 'os', 'paths', 'schema', 'warnings'],
  ]);
});
