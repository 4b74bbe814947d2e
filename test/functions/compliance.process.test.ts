/** What the app tells of the estate over HTTP: compliance, forecast, traces, and the description of all that. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { sameId } from '../../shared/model/ids.ts';
import type { ComplianceView } from '../../shared/views/compliance.ts';
import type { ForecastView } from '../../shared/views/forecast.ts';
import type { PathTraceView } from '../../shared/views/paths.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { until } from '../../simulator/until.ts';
import { type App, failures, LONG_MS, startApp } from './app.ts';

let app: App;
test.before(async () => {
  app = await startApp();
});
test.after.always(async () => app?.stop());
test.afterEach.always((t) => t.timeout(2 * LONG_MS));

/** The document once a run shows in it: rows are read each five seconds. */
const compliance = (fits: (view: ComplianceView) => boolean): Promise<ComplianceView> =>
  until(
    'the run to show in compliance',
    async () => {
      const { status, body } = await app.call('GET', '/api/compliance');
      if (status !== 200) throw new Error(`answered ${status}`);
      return fits(body) && (body as ComplianceView);
    },
    LONG_MS,
  );

test.serial('before and after a repair: what each path is, and its proof with its age', async (t) => {
  const before = await compliance(() => true);
  t.is(before.counts.compliant, 0);
  t.true(before.paths.length > 0 && before.paths.every(({ proof }) => proof.kind === 'none'));

  await app.sweep(LONG_MS);
  // Since when is noted by the pass that found it, right after all else.
  const { paths, counts, asOf } = await compliance((view) =>
    view.paths.some(({ verdict, since }) => verdict === 'compliant' && since !== undefined),
  );
  t.like(counts, { paths: 5, exposedNow: 0, compliant: 4, blocked: 1 });
  const first = paths.find(({ vm, vip }) => vm === 'hs-a' && vip === '10.0.1.100');
  t.like(first, { verdict: 'compliant', exposure: 'active' });
  t.true(sameId(first?.vmId ?? '', vmId(app.estate, 'hs-a')));
  t.is(first?.proof.kind, 'self');
  t.is(first?.proof.ageSeconds, Math.floor((Date.parse(asOf) - Date.parse(first?.proof.at ?? '')) / 1000));
  t.like(first?.look, { mode: 'apply', driftLeft: 0, believed: true });
  t.true((first?.look?.driftFound ?? 0) > 0);
  t.true(Date.parse(first?.primarySince ?? '') > 0);
  t.true(Date.parse(first?.since ?? '') >= Date.parse(before.asOf), 'it was something else before');
  t.false('sinceFirstSeen' in (first ?? {}));
  t.deepEqual(
    paths.filter(({ vm }) => vm === 'hs-c').flatMap(({ findings }) => findings.map(({ code }) => code)),
    ['NO_SECONDARY_NIC'],
  );
});

test.serial('as CSV, by the address or by the header', async (t) => {
  const { paths } = await compliance(() => true);
  const asked = [
    await app.call('GET', '/api/compliance?format=csv'),
    await app.call('GET', '/api/compliance', undefined, { accept: 'text/csv' }),
  ];
  for (const { headers, body } of asked) {
    t.regex(headers.get('content-type') ?? '', /^text\/csv/);
    t.is(headers.get('content-disposition'), 'attachment; filename="compliance.csv"');
    const rows = parse(body, { bom: true, columns: true }) as Record<string, string>[];
    t.deepEqual(
      rows.map(({ vm, vip, verdict }) => [vm, vip, verdict]),
      paths.map(({ vm, vip, verdict }) => [vm, vip, verdict]),
    );
  }
});

test.serial('many who ask: no call per VM, no rule health, and the lists are not read for each', async (t) => {
  const before = app.arm.calls.length;
  for (let i = 0; i < 10; i += 1) {
    await Promise.all(
      ['/api/compliance', '/api/forecast', '/api/paths?vm=hs-a&vip=10.0.1.100'].map(async (path) => {
        t.is((await app.call('GET', path)).status, 200);
      }),
    );
  }
  const calls = app.arm.calls.slice(before).map(({ method, path }) => `${method} ${path.split('?')[0]}`);
  t.deepEqual(
    calls.filter((call) => !/^GET \/subscriptions\/[^/]+\/providers\/[^/]+\/\w+$/i.test(call)),
    [],
  );
  // One reading of the three lists at the most, where the minute of the one before was over meanwhile.
  t.true(calls.length <= 6, calls.join('\n'));
});

test.serial(
  'who has it already: 304, also when it was read again; another document for who has an old one',
  async (t) => {
    const { headers, body } = await app.call('GET', '/api/compliance');
    const etag = headers.get('etag') ?? '';
    const read = body.asOf;
    await until(
      'it to be read again',
      async () => (await app.call('GET', '/api/compliance')).body.asOf !== read,
      LONG_MS,
    );
    const again = await app.call('GET', '/api/compliance', undefined, { 'if-none-match': `"x", ${etag}` });
    t.is(again.status, 304);
    t.is(again.body, '');
    t.is(again.headers.get('etag'), etag);
    t.is((await app.call('GET', '/api/compliance', undefined, { 'if-none-match': 'W/"old"' })).status, 200);
    const { runs } = (await app.call('GET', '/api/runs?limit=1')).body;
    for (const path of ['/api/runs?limit=1', `/api/runs/${runs[0].runId}`, '/api/openapi.json']) {
      const first = await app.call('GET', path);
      t.is(first.status, 200);
      const second = await app.call('GET', path, undefined, { 'if-none-match': first.headers.get('etag') ?? '' });
      t.is(second.status, 304, path);
    }
  },
);

test.serial('the forecast, whole and of one VM; the trace of a path', async (t) => {
  const whole: ForecastView = (await app.call('GET', '/api/forecast')).body;
  t.deepEqual(
    whole.ifLost.map(({ vm }) => vm),
    ['hs-a'],
  );
  const one: ForecastView = (await app.call('GET', '/api/forecast?vm=HS-A')).body;
  t.deepEqual(one.ifLost, whole.ifLost);
  const { trace }: PathTraceView = (await app.call('GET', '/api/paths?vm=hs-a&vip=10.0.1.100')).body;
  t.like(trace, { vm: 'hs-a', vip: '10.0.1.100', port: 1972, fix: 'whole' });
  t.is(trace.scenarios[0]?.outcome, 'works');
});

for (const [path, status, code, field] of [
  ['/api/compliance?format=xml', 400, 'INPUT_INVALID', 'format'],
  ['/api/compliance?vm=hs-a', 400, 'INPUT_INVALID', 'vm'],
  ['/api/forecast?vm=hs-x', 404, 'NOT_FOUND', 'vm'],
  ['/api/forecast?vm=', 400, 'INPUT_INVALID', 'vm'],
  ['/api/paths', 400, 'INPUT_INVALID', 'vm'],
  ['/api/paths?vm=hs-a', 400, 'INPUT_INVALID', 'vip'],
  ['/api/paths?vm=hs-a&vip=10.0.1.99', 404, 'NOT_FOUND', 'vip'],
  [`/api/paths?vm=${'x'.repeat(3000)}&vip=10.0.1.100`, 400, 'INPUT_INVALID', 'vm'],
] as const) {
  test.serial(`refused: ${path.slice(0, 60)}`, async (t) => {
    const answer = await app.call('GET', path);
    t.is(answer.status, status);
    t.like(answer.body, { code, field });
  });
}

test.serial('the description is the repository’s own, and nothing failed', async (t) => {
  const { status, body } = await app.call('GET', '/api/openapi.json');
  t.is(status, 200);
  t.deepEqual(body, JSON.parse(await readFile('shared/views/openapi.json', 'utf8')));
  t.deepEqual(failures(app), []);
});
