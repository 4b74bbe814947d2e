/** Runs as CSV, read back by a parser of its own. */
import test from 'ava';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { runCsv, runsCsv } from '../../shared/views/csv.ts';
import { hostile } from '../reliability/hostile.ts';
import { fullRun, lyingRun } from './runViews.ts';

const { vms: _vms, ...summary } = fullRun;
const read = (text: string): Record<string, string>[] => parse(text, { bom: true, columns: true });

test('a run: a line per path, and one for a VM that has none', (t) => {
  const lines = read(runCsv(fullRun));
  t.deepEqual(
    lines.map(({ vm, vip, result, waitingFor, verdict }) => [vm, vip, result, waitingFor, verdict]),
    [
      ['hs-a', '10.0.1.100', 'repaired', '', 'compliant'],
      ['hs-a', '10.0.1.101', 'repaired', '', 'blocked'],
      ['hs-b', '', '', 'MEMBER_BUSY: Another member is being changed.', ''],
    ],
  );
  t.like(lines[0], {
    runId: fullRun.runId,
    changed: '4',
    proof: 'self',
    provedAt: '2026-01-05T10:00:07.000Z',
    proofSaw: '10.0.1.10:1972',
    notProved: '10.0.1.15:57772 10.0.1.15:514/udp',
    driftBefore: 'route-missing reply-rule',
    connectBefore: 'timeout',
    driftAfter: '',
    connectAfter: 'ok',
    warnings: 'forwarding: The VM forwards IPv4 packets.',
  });
  t.is(lines[1]?.findings, 'NO_SECONDARY_NIC: Add a NIC, then start the VM.', 'a cell is one line');
  t.is(lines[2]?.findings, 'AGENT_NOT_READY: The agent does not answer.');
});

test('a run with a row that cannot be read, and one that joined another, have a line for that', (t) => {
  const unreadable = [{ code: 'ROW_UNUSABLE', text: '=The row\nholds broken JSON.' }];
  const lines = read(runCsv({ ...fullRun, vms: [], unreadable, joined: 'e'.repeat(32) }));
  t.is(lines.length, 2);
  t.like(lines[0], { runId: fullRun.runId, vm: '', findings: 'ROW_UNUSABLE: =The row holds broken JSON.' });
  t.like(lines[1], { runId: fullRun.runId, state: 'settled', joined: 'e'.repeat(32) });
  t.is(read(runsCsv([{ ...summary, joined: 'e'.repeat(32) }]))[0]?.joined, 'e'.repeat(32));
});

test('a list of runs: a line each, every count in a column of its own', (t) => {
  const [line, ...others] = read(runsCsv([summary]));
  t.deepEqual(others, []);
  t.like(line, { runId: summary.runId, dryRun: 'true', signal: 'failover', confirmation: 'confirmed' });
  t.like(line, { scope: summary.scope.join(' '), reason: 'AZURE_FAILED: Lists could not be read, "twice".' });
  for (const [name, count] of Object.entries(summary.counts)) t.is(line?.[name], String(count), name);
});

test('no lines: still the columns', (t) => {
  t.regex(runsCsv([]), /^\ufeffrunId,signal,.*,reason,askedBy,cancelledBy\r\n$/);
});

test('Excel reads it: a byte order mark, and lines that end in CR LF', (t) => {
  t.regex(runCsv(fullRun), /^\ufeffrunId,vm,[^\r\n]+(\r\n[^\r\n]+){3}\r\n$/);
});

/** What a spreadsheet takes for a formula, or drops before it looks for one. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/u;

test('a cell is never a formula', (t) => {
  for (const lie of [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    ' =1',
    '\u200b=1',
    '\u0000=1',
    '\uFF1D1',
  ]) {
    t.regex(lie, FORMULA);
    for (const line of read(runCsv(lyingRun([lie])))) t.regex(line.vm ?? '', /^'/, JSON.stringify(lie));
  }
});

test('cut at semicolons, as where the comma is the decimal sign, no part is a formula either', (t) => {
  for (const lie of ["{;=cmd|' /C calc'!A1;}", 'a;=1+1', 'a; "=1+1"', "a;'@SUM(A1)"]) {
    for (const text of [runCsv(lyingRun([lie])), runsCsv([lyingRun([lie])])])
      t.false(text.includes(';'), JSON.stringify(lie));
  }
});

test('whatever is in a run, it makes no further line or cell, and no formula', (t) => {
  const texts = fc.array(hostile, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(texts, (lies) => {
      const lying = lyingRun(lies);
      for (const [text, length] of [
        [runCsv(lying), 3],
        [runsCsv([lying, lying]), 2],
      ] as const) {
        if (text.includes(';')) throw new Error('a semicolon');
        const lines = read(text); // throws for a line with more or fewer cells than columns
        if (lines.length !== length) throw new Error(`${lines.length} lines`);
        const cells = lines.flatMap((line) => Object.values(line));
        const formula = cells.find((cell) => FORMULA.test(cell));
        if (formula !== undefined) throw new Error(`a formula: ${JSON.stringify(formula)}`);
      }
    }),
    { numRuns: 300 },
  );
  t.pass();
});
