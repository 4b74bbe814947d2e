/** The queries of docs/logs.md over the lines of a story: they find what failed, and nothing that went well. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { FIELDS } from '../../shared/model/logFields.ts';
import { STEPS } from '../../shared/model/steps.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import type { LogLine } from '../../simulator/host/events.ts';
import { type Row, runQuery } from '../helpers/kusto.ts';
import { type App, LONG_MS, startApp } from './app.ts';

const [whatFailed = '', ofOneRun = '', ...others] = [
  ...readFileSync('docs/logs.md', 'utf8').matchAll(/```kusto\n([\s\S]*?)\n```/g),
].map(([, query]) => query ?? '');
/** Of the host's logger in Application Insights (learn.microsoft.com, "traces" in the data model). */
const SEVERITY: Record<LogLine['level'], number> = {
  trace: 0,
  debug: 0,
  information: 1,
  warning: 2,
  error: 3,
  critical: 4,
  none: 4,
};
const COLUMNS = ['traces', 'timestamp', 'severityLevel', 'message'];
let app: App;

test.before(async () => {
  app = await startApp();
});
test.after.always(async () => app?.stop());
test.beforeEach((t) => t.timeout(3 * LONG_MS));

/** As traces: the host ships a line as its message alone. */
const traces = (): Row[] =>
  app.host.logs.map(({ time, level, message }) => ({
    timestamp: Date.parse(time),
    severityLevel: SEVERITY[level],
    message,
  }));
const found = (query: string): Row[] => runQuery(query, 'traces', traces(), Date.now());
const briefly = ({ step, vmId: vm, result, code, findings }: Row): string =>
  [step, String(vm).split('/').at(-1), result, code, findings].filter(Boolean).join(' ');

test('docs/logs.md has two queries; each step and field that they name is one of the log’s', (t) => {
  t.deepEqual(others, []);
  for (const query of [whatFailed, ofOneRun]) {
    const fields = [...query.matchAll(/\bline\.(\w+)/g)].map(([, name]) => name ?? '');
    t.true(fields.includes('runId'));
    t.deepEqual(
      fields.filter((name) => name !== 'step' && !Object.hasOwn(FIELDS, name)),
      [],
    );
    const steps = [...query.matchAll(/"([a-z-]+)"/g)].map(([, name]) => name ?? '');
    t.deepEqual(
      steps.filter((name) => !Object.hasOwn(STEPS, name)),
      [],
    );
    const columns = [...query.matchAll(/^\| where (\w+)|^(\w+)$/gm)].map(([, a, b]) => a ?? b ?? '');
    t.true(columns.length > 0);
    for (const column of columns) t.true([...COLUMNS, 'tostring', 'isnotempty'].includes(column), column);
  }
});

test.serial('a run in which all is well: nothing is found', async (t) => {
  const run = await app.run({ scope: [vmId(app.estate, 'hs-a'), vmId(app.estate, 'hs-b')], mode: 'apply' }, LONG_MS);
  t.is(run.state, 'settled');
  t.deepEqual(found(whatFailed).map(briefly), []);
});

test.serial('a request that is not right is nobody’s failure', async (t) => {
  t.is((await app.call('GET', '/api/runs/last')).status, 400);
  t.deepEqual(found(whatFailed).map(briefly), []);
});

test.serial(
  'a VM that a person must help and one whose command fails: both are found, with their codes and run',
  async (t) => {
    app.guests.instead.set('hs-b', () => 'killed');
    const { runId } = await app.run(
      { scope: ['hs-a', 'hs-b', 'hs-c'].map((name) => vmId(app.estate, name)), mode: 'check' },
      LONG_MS,
    );
    app.guests.instead.delete('hs-b');
    const rows = found(whatFailed);
    t.deepEqual(rows.map(briefly).toSorted(), [
      'command-failed hs-b REPORT_MISSING',
      'run-settled',
      'settled hs-b failed ["COMMAND_FAILED","REPORT_MISSING"]',
      'settled hs-c blocked ["NO_SECONDARY_NIC"]',
    ]);
    t.true(rows.every((row) => row.runId === runId && row.severityLevel === 2));
    const times = rows.map((row) => Number(row.timestamp));
    t.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
      'newest first',
    );
  },
);

test.serial(
  'all that was said of a run: from its signal to its end, also where a command serves several',
  async (t) => {
    const [one, other] = await Promise.all([
      app.run({ scope: vmId(app.estate, 'hs-a'), mode: 'check' }, LONG_MS),
      app.run({ scope: vmId(app.estate, 'hs-a'), mode: 'check' }, LONG_MS),
    ]);
    for (const { runId } of [one, other]) {
      const steps = found(ofOneRun.replace('RUN_ID', runId)).map(({ step }) => step);
      t.is(steps[0], 'signal');
      t.is(steps.at(-1), 'run-settled');
      for (const step of ['planned', 'intend', 'send', 'report', 'settled']) t.true(steps.includes(step), step);
    }
  },
);

test.serial('what is older than a day is not found', (t) => {
  t.true(found(whatFailed).length > 0);
  t.deepEqual(runQuery(whatFailed, 'traces', traces(), Date.now() + 25 * 3_600_000), []);
});

test('a query that is not read whole is refused', (t) => {
  const rows = [{ message: 'x' }];
  for (const query of [
    'traces | summarize count()',
    'traces | where message == "x" mesage',
    'traces | where mesage == "x"',
    'traces | where strlen(message) > 1',
    'requests | where message == "x"',
  ]) {
    t.throws(() => runQuery(query, 'traces', rows, 0), undefined, query);
  }
  t.deepEqual(runQuery('traces | where message == "x"', 'traces', rows, 0), rows);
});

test('no line is lost to sampling', (t) => {
  const { logging } = JSON.parse(readFileSync('host.json', 'utf8'));
  const { excludedTypes } = logging.applicationInsights.samplingSettings;
  t.true(excludedTypes.split(';').includes('Trace'));
});

test.serial('lines of others and of no JSON are passed over', (t) => {
  const row = (message: string) => ({ timestamp: Date.now(), severityLevel: 3, message });
  const rows = ['Queue could not be read', '{"other": 1}', '"step"', '[]', ''].map(row);
  t.deepEqual(runQuery(whatFailed, 'traces', rows, Date.now()), []);
});
