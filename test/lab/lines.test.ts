import test from 'ava';
import type { CaseResult } from '../../lab/case.ts';
import { tryCase } from '../../lab/case.ts';
import { caseLine, jsonLine, summaryLine } from '../../lab/lines.ts';

const result = (fields: Partial<CaseResult>): CaseResult => ({
  case: 'link eth1 down and up',
  manager: 'none',
  ok: true,
  detail: 'proved\nself',
  ...fields,
});

test('a case is a line: what failed keeps its own lines', (t) => {
  t.is(caseLine(result({ recoveredMs: 312 })), 'ok      link eth1 down and up: 312 ms; proved self');
  t.is(
    caseLine(result({ manager: 'systemd-networkd', ok: false })),
    'FAILED  link eth1 down and up [systemd-networkd]: proved\nself',
  );
});

test('the summary counts, and takes times from what worked', (t) => {
  t.is(summaryLine([result({}), result({})]), '2 cases, 2 ok');
  t.is(summaryLine([result({ recoveredMs: 2649 })]), '1 case, 1 ok; whole again after 2,649 ms');
  const times = [2241, 402, 12, 9].map((recoveredMs) => result({ recoveredMs }));
  t.is(
    summaryLine([...times, result({ ok: false, recoveredMs: 1 })]),
    '5 cases, 4 ok, 1 FAILED; whole again after 9 to 2,241 ms, half of them within 12 ms',
  );
});

test('--json is ok when there were cases and all were', (t) => {
  t.false(JSON.parse(jsonLine([])).ok);
  t.false(JSON.parse(jsonLine([result({}), result({ ok: false })])).ok);
  t.deepEqual(JSON.parse(jsonLine([result({ recoveredMs: 5 })])), { ok: true, cases: [result({ recoveredMs: 5 })] });
});

test('what a case throws makes a row', async (t) => {
  const run = async () => {
    throw new Error('no connects');
  };
  t.deepEqual(await tryCase({ name: 'a', manager: 'none', run }), {
    case: 'a',
    manager: 'none',
    ok: false,
    detail: 'no connects',
  });
});
