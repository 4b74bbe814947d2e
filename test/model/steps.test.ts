/** The steps of the log: what `Log` takes, and how loud each line is. */
import test from 'ava';
import { hostLog } from '../../shared/log.ts';
import { FIELDS, type FieldName } from '../../shared/model/logFields.ts';
import { noCounts } from '../../shared/model/rows.ts';
import { type Level, type Log, type LogLine, levelOf, oneOrAll, STEPS } from '../../shared/model/steps.ts';

const NONE = { ...noCounts(), vms: 2, compliant: 2 };
const runSettled = (counts: Partial<typeof NONE>): LogLine => ({
  step: 'run-settled',
  fields: { runId: 'r1', signal: 'sweep', afterMs: 5, ...NONE, ...counts },
});
const settled = (result: string): LogLine => ({
  step: 'settled',
  fields: { runId: 'r1', vmId: 'hs-a', result, changed: 0, findings: [] },
});

const table: [string, LogLine, Level][] = [
  ['a run in which all is well', runSettled({}), 'info'],
  ['a run in which a VM could be put right', runSettled({ repairable: 1 }), 'info'],
  ['a run in which a VM failed', runSettled({ failed: 1 }), 'warn'],
  ['a run in which a VM is blocked', runSettled({ blocked: 1 }), 'warn'],
  ['a VM that is compliant', settled('compliant'), 'info'],
  ['a VM that failed', settled('failed'), 'warn'],
  ['a VM that is blocked', settled('blocked'), 'warn'],
  ['an event of no concern', { step: 'ignored-event', fields: { why: 'x', operation: 'o', resource: 'r' } }, 'debug'],
];
for (const [what, line, level] of table) {
  test(`${what}: ${level}`, (t) => {
    t.is(levelOf(line), level);
    const written: unknown[] = [];
    const logger = (as: Level) => (text: unknown) => void written.push(as, JSON.parse(String(text)));
    const log = hostLog({
      debug: logger('debug'),
      info: logger('info'),
      warn: logger('warn'),
      error: logger('error'),
    });
    log(line.step, line.fields);
    t.deepEqual(written, [level, { step: line.step, ...line.fields }]);
  });
}

test('a wrong step, a missing or a strange field, and one of another type do not pass the type check', (t) => {
  const log: Log = () => {};
  // @ts-expect-error: no such step
  log('lease-gained', { subscriptionId: 's' });
  // @ts-expect-error: subscriptionId is missing
  log('lease-lost', {});
  // @ts-expect-error: it has no such field
  log('lease-lost', { subscriptionId: 's', runId: 'r1' });
  // @ts-expect-error: not a number
  log('tidied', { subscriptionId: 's', removed: 'many', renewed: 0 });
  t.pass();
});

test('every field is one of a step, and each step’s fields are described', (t) => {
  const used = new Set(
    Object.values(STEPS).flatMap((rule: { fields: readonly FieldName[]; optional?: readonly FieldName[] }) => [
      ...rule.fields,
      ...(rule.optional ?? []),
    ]),
  );
  t.deepEqual([...used].toSorted(), Object.keys(FIELDS).toSorted() as FieldName[]);
});

test('one run is a text, several are a list', (t) => {
  t.is(oneOrAll(['r1']), 'r1');
  t.deepEqual(oneOrAll(['r1', 'r2']), ['r1', 'r2']);
});
