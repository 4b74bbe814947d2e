/**
 * Manual runs over HTTP: what is taken, what is refused and how, and what a run shows in the end.
 * Long: one table of cases about one thing.
 */
import test, { type ExecutionContext } from 'ava';
import { parse } from 'csv-parse/sync';
import { WARNINGS } from '../../shared/guest/warnings.ts';
import type { RunSummary, RunView } from '../../shared/views/run.ts';
import { loadBalancerId, vmId } from '../../simulator/estate/ids.ts';
import { type Answer, type App, failures, LONG_MS, startApp } from './app.ts';

const OTHER = '00000000-0000-0000-0000-000000000009';
let app: App;
const id = (vm: string): string => vmId(app.estate, vm);
const group = (): string => `/subscriptions/${app.estate.subscriptionId}/resourceGroups/${app.estate.resourceGroup}`;

test.before(async () => {
  const subscription = '00000000-0000-0000-0000-000000000000';
  app = await startApp({
    settings: {
      HAIRPIN_SCOPE: `/subscriptions/${subscription}/resourceGroups/healthshare-rg`,
      // As the platform says it where App Service authentication stands in front.
      WEBSITE_AUTH_ENABLED: 'True',
    },
  });
});
test.after.always(async () => app?.stop());
test.afterEach.always((t) => t.timeout(2 * LONG_MS));

const vmOf = (run: RunView, name: string) => {
  const vm = run.vms.find((item) => item.vm === name);
  if (!vm) throw new Error(`the run has no line for ${name}: ${JSON.stringify(run)}`);
  return vm;
};

test.serial('a dry run shows plan and script, and nothing reaches a VM', async (t) => {
  const run = await app.run({ scope: group(), mode: 'apply', dryRun: true }, LONG_MS);
  t.is(run.state, 'settled');
  t.like(run.counts, { vms: 3, planned: 2, blocked: 1, commands: 0 });
  const { plan, script, result } = vmOf(run, 'hs-a');
  t.is(result, 'planned');
  t.deepEqual(
    plan?.frontends.map(({ vip, port, via }) => [vip, port, via.ip]),
    [
      ['10.0.1.100', 1972, '10.0.1.11'],
      ['10.0.1.101', 1973, '10.0.1.11'],
    ],
  );
  t.regex(script ?? '', /^#!\/bin\/bash -p\n# ilb-hairpin-guard command 0{32}\n/);
  t.is(vmOf(run, 'hs-c').script, undefined);
  t.deepEqual(app.puts(), []);
  t.deepEqual(app.guests.ran, []);
});

test.serial(
  'a good request: 202, a Location that works, a line per VM, and the very script that was shown',
  async (t) => {
    const dry = await app.run({ scope: id('hs-a'), mode: 'apply', dryRun: true }, LONG_MS);
    const answer = await app.call('POST', '/api/runs', { scope: [group()], mode: 'apply' });
    t.is(answer.status, 202);
    const location = answer.headers.get('location') ?? '';
    t.regex(answer.body.runId, /^[0-9a-f]{32}$/);
    t.is(location, `/api/runs/${answer.body.runId}`);
    const early = await app.call('GET', location);
    t.is(early.status, 200, 'the run is there as soon as it was accepted');
    t.true(['accepted', 'running', 'settled'].includes(early.body.state));

    const run = await app.ended(answer.body.runId, LONG_MS);
    t.like(run, { signal: 'manual', mode: 'apply', state: 'settled', dryRun: false, scope: [group()] });
    t.true(Date.parse(run.settledAt ?? '') >= Date.parse(run.acceptedAt));
    t.deepEqual(
      run.vms.map((vm) => [vm.vm, vm.vmId.toLowerCase(), vm.state, vm.result, vm.changed]),
      [
        ['hs-a', id('hs-a').toLowerCase(), 'settled', 'repaired', 8],
        ['hs-b', id('hs-b').toLowerCase(), 'settled', 'repaired', 8],
        ['hs-c', id('hs-c').toLowerCase(), 'settled', 'blocked', 0],
      ],
    );
    t.like(run.counts, { vms: 3, repaired: 2, blocked: 1, commands: 2 });
    const [first] = vmOf(run, 'hs-a').paths;
    t.like(first, { vip: '10.0.1.100', exposure: 'active', verdict: 'compliant' });
    t.is(first?.proof.kind, 'self');
    t.like(first?.before, { outcome: 'timeout', ms: 2001 });
    t.like(first?.after, { drift: [], outcome: 'ok' });
    t.deepEqual(
      vmOf(run, 'hs-b').paths.map((path) => [path.exposure, path.proof.kind]),
      [
        ['latent', 'remote'],
        ['latent', 'remote'],
      ],
    );
    const [finding] = vmOf(run, 'hs-c').paths.flatMap((path) => path.findings);
    t.is(finding?.code, 'NO_SECONDARY_NIC');
    t.regex(finding?.text ?? '', /^The VM has no NIC outside the backend pool of 10\.0\.1\.100\. Add one/);

    // The member that is primary for nothing went first, and never both at once.
    t.deepEqual(app.puts(), ['hs-b', 'hs-a']);
    const [sent] = app.guests.commands('hs-a');
    t.is(vmOf(dry, 'hs-a').script, sent?.script.replaceAll(sent.id, '0'.repeat(32)));
  },
);

test.serial('a second apply changes nothing; a check looks only; warnings are told as sentences', async (t) => {
  const again = await app.run({ scope: id('hs-a').toUpperCase(), mode: 'apply' }, LONG_MS);
  t.like(vmOf(again, 'hs-a'), { result: 'compliant', changed: 0 });
  const check = await app.run({ scope: id('hs-b'), mode: 'check' }, LONG_MS);
  t.like(vmOf(check, 'hs-b'), { result: 'compliant', changed: 0 });
  t.is(app.guests.commands('hs-b').at(-1)?.mode, 'check');
  app.guests.instead.set('hs-b', (report) => report.replace('"w":[]', '"w":["no-systemd"]'));
  const warned = await app.run({ scope: id('hs-b'), mode: 'check' }, LONG_MS);
  app.guests.instead.clear();
  t.is(vmOf(warned, 'hs-b').result, 'compliant');
  t.deepEqual(vmOf(warned, 'hs-b').warnings, [{ code: 'no-systemd', text: WARNINGS['no-systemd'] }]);
});

test.serial('remove holds the VM until a person names it in an apply', async (t) => {
  const removed = await app.run({ scope: id('hs-b'), mode: 'remove' }, LONG_MS);
  t.like(vmOf(removed, 'hs-b'), { result: 'removed' });
  t.is(app.guests.commands('hs-b').at(-1)?.mode, 'remove');
  const sent = app.puts().length;

  const balancer = loadBalancerId(app.estate, 'healthshare-ilb');
  for (const run of [await app.sweep(LONG_MS), await app.run({ scope: balancer, mode: 'apply' }, LONG_MS)]) {
    const held = vmOf(run, 'hs-b');
    t.is(held.result, 'blocked', run.signal);
    t.true(
      held.findings.some((finding) => finding.code === 'REMOVED_BY_HAND'),
      JSON.stringify(held),
    );
  }
  t.false(app.puts().slice(sent).includes('hs-b'));

  const dry = await app.run({ scope: id('hs-b'), mode: 'apply', dryRun: true }, LONG_MS);
  t.is(vmOf(dry, 'hs-b').result, 'blocked', 'a dry run does not lift the hold');
  const back = await app.run({ scope: id('hs-b'), mode: 'apply' }, LONG_MS);
  t.like(vmOf(back, 'hs-b'), { result: 'repaired', changed: 8 });
});

for (const [title, instead, code, says] of [
  ['no report', () => 'Segmentation fault\n', 'REPORT_MISSING', /No report in the output/],
  ['no output', () => '', 'REPORT_MISSING', /printed nothing/],
  ['half a report', (text: string) => text.trimEnd().slice(0, -20), 'REPORT_CUT', /ends early: .*"v":1/],
  ['a report of something else', (text: string) => text.replace('"v":1', '"v":2'), 'REPORT_INVALID', /v: /],
  [
    'the report of another run, again and again',
    (text: string) => text.replaceAll(/\b[0-9a-f]{32}\b/g, 'f'.repeat(32)),
    'REPORT_OF_ANOTHER_RUN',
    /of command f{32}, not of /,
  ],
] as const) {
  test.serial(`${title} is a failure of that VM, told with its code`, async (t) => {
    t.timeout(2 * LONG_MS);
    app.guests.instead.set('hs-a', instead);
    const run = await app.run({ scope: id('hs-a'), mode: 'apply' }, LONG_MS);
    app.guests.instead.clear();
    t.is(run.state, 'settled');
    const vm = vmOf(run, 'hs-a');
    t.is(vm.result, 'failed', JSON.stringify(vm));
    t.like(run.counts, { failed: 1, compliant: 0, repaired: 0 });
    const [finding] = vm.findings;
    t.is(finding?.code, 'COMMAND_FAILED');
    t.true(finding?.text.includes(`did not deliver a report (${code}: `), finding?.text);
    t.regex(finding?.text ?? '', says);
    t.true(vm.paths.every((path) => path.verdict !== 'compliant' && path.after === undefined));

    const mended = await app.run({ scope: id('hs-a'), mode: 'apply' }, LONG_MS);
    t.like(vmOf(mended, 'hs-a'), { result: 'compliant' });
  });
}

test.serial('a VM that Azure does not list, and one that is no member', async (t) => {
  const run = await app.run({ scope: id('hs-x'), mode: 'apply' }, LONG_MS);
  const [line] = run.vms;
  t.like(line, { vm: 'hs-x', result: 'unknown' });
  t.deepEqual(
    line?.findings.map((finding) => finding.code),
    ['VM_NOT_FOUND'],
  );
});

const outside = (): string => `/subscriptions/${app.estate.subscriptionId}/resourceGroups/other-rg`;
const bad: [title: string, body: () => unknown, code: string, field: string, echo: string][] = [
  ['no JSON', () => '{"scope": ', 'INPUT_INVALID', 'body', '{\\"scope\\"'],
  ['no body', () => '', 'INPUT_INVALID', 'body', 'must be JSON'],
  ['an array', () => '[]', 'INPUT_INVALID', 'body', 'must be an object'],
  ['no mode', () => ({ scope: id('hs-a') }), 'INPUT_INVALID', 'mode', 'must be check, apply or remove'],
  ['an unknown mode', () => ({ scope: id('hs-a'), mode: 'fix' }), 'INPUT_INVALID', 'mode', '"fix"'],
  ['no scope', () => ({ mode: 'apply' }), 'INPUT_INVALID', 'scope', 'must be the id of'],
  [
    'an unknown field',
    () => ({ scope: id('hs-a'), mode: 'apply', force: true }),
    'INPUT_INVALID',
    'force',
    'not known',
  ],
  ['a name for an id', () => ({ scope: 'hs-a', mode: 'apply' }), 'INPUT_INVALID', 'scope', '"hs-a"'],
  [
    'the second of two ids wrong',
    () => ({ scope: [id('hs-a'), 'hs-b'], mode: 'apply' }),
    'INPUT_INVALID',
    'scope[1]',
    '"hs-b"',
  ],
  ['out of scope', () => ({ scope: outside(), mode: 'apply' }), 'SCOPE_NOT_ALLOWED', 'scope', 'other-rg'],
  [
    'a foreign subscription',
    () => ({ scope: `/subscriptions/${OTHER}`, mode: 'check' }),
    'SCOPE_NOT_ALLOWED',
    'scope',
    OTHER,
  ],
  ['an id too long', () => ({ scope: '/'.repeat(1025), mode: 'apply' }), 'INPUT_INVALID', 'scope', 'at most 1024'],
];
for (const [title, body, code, field, echo] of bad) {
  test.serial(`refused, ${title}: 400 as a problem that names ${field}`, async (t) => {
    const watch = app.watch();
    const answer = await app.call('POST', '/api/runs', body());
    checkProblem(t, answer, 400, code, field);
    t.true(
      answer.body.detail.includes(echo.replaceAll('\\"', '"')) || answer.body.detail.includes(echo),
      answer.body.detail,
    );
    t.true(JSON.stringify(answer.body).length < 1500, 'short');
    t.is((await watch.step((step) => step.step === 'refused-request')).code, code);
    t.deepEqual(watch.all('accepted'), []);
  });
}

test.serial('refused: a body too large, of another type, from another site', async (t) => {
  const scope = group();
  const text = JSON.stringify({ scope: 'x'.repeat(200_000), mode: 'apply' });
  checkProblem(t, await app.call('POST', '/api/runs', text), 413, 'BODY_TOO_LARGE', 'body');
  const run = { scope, mode: 'check' };
  const typed = (type: string) => app.call('POST', '/api/runs', run, { 'content-type': type });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])
    checkProblem(t, await typed(type), 415, 'TYPE_NOT_JSON', 'content-type');
  const from = (headers: Record<string, string>) => app.call('POST', '/api/runs', run, headers);
  checkProblem(t, await from({ 'sec-fetch-site': 'cross-site' }), 403, 'CROSS_SITE', 'sec-fetch-site');
  checkProblem(t, await from({ origin: 'https://elsewhere.example' }), 403, 'CROSS_SITE', 'origin');
  const retried = await app.call('POST', `/api/runs/${'0'.repeat(32)}/retry`, undefined, {
    'sec-fetch-site': 'cross-site',
  });
  checkProblem(t, retried, 403, 'CROSS_SITE', 'sec-fetch-site');
  const { host } = new URL(app.host.url);
  t.is((await from({ origin: `https://${host}`, 'content-type': 'application/json; charset=utf-8' })).status, 202);
});

function checkProblem(t: ExecutionContext, answer: Answer, status: number, code: string, field: string): void {
  t.is(answer.status, status);
  t.is(answer.headers.get('content-type'), 'application/problem+json');
  t.like(answer.body, { type: 'about:blank', status, code, field });
  t.true(answer.body.title.length > 5 && answer.body.nextStep.length > 5);
  t.true(answer.body.detail.startsWith(`${field} is `), answer.body.detail);
}

test.serial(
  'GET: an id that is none is 400, one that nobody has is 404; what is no route at all is the host’s 404',
  async (t) => {
    checkProblem(t, await app.call('GET', '/api/runs/last'), 400, 'INPUT_INVALID', 'id');
    checkProblem(t, await app.call('GET', `/api/runs/${'0'.repeat(31)}%2F`), 400, 'INPUT_INVALID', 'id');
    checkProblem(t, await app.call('GET', `/api/runs/${'0'.repeat(32)}`), 404, 'NOT_FOUND', 'id');
    checkProblem(t, await app.call('POST', `/api/runs/${'0'.repeat(32)}`, {}), 400, 'INPUT_INVALID', 'path');
    checkProblem(t, await app.call('DELETE', `/api/runs/${'0'.repeat(32)}`), 404, 'NOT_FOUND', 'id');
    checkProblem(t, await app.call('DELETE', '/api/runs/last'), 400, 'INPUT_INVALID', 'id');
    t.is((await app.call('DELETE', '/api/runs')).status, 404);
    t.is((await app.call('GET', `/api/runs/${'0'.repeat(32)}/more`)).status, 404);
  },
);

test.serial('the list of runs: newest first, in pages that lead on, by state, signal, scope and time', async (t) => {
  const all = await app.call('GET', '/api/runs?limit=200');
  t.is(all.status, 200);
  const runs: RunSummary[] = all.body.runs;
  t.true(runs.length >= 10 && all.body.next === undefined);
  const times = runs.map((run) => run.acceptedAt);
  t.deepEqual(times, times.toSorted().toReversed());
  const [newest] = runs;
  const { vms, ...summary } = (await app.call('GET', `/api/runs/${newest?.runId}`)).body;
  t.deepEqual(newest, summary, 'as the run itself, without its VMs');

  const paged: RunSummary[] = [];
  for (let next = '/api/runs?limit=3'; next; ) {
    const { body } = await app.call('GET', next);
    t.true(body.runs.length > 0 && body.runs.length <= 3);
    paged.push(...body.runs);
    next = body.next;
  }
  t.deepEqual(paged, runs);

  const list = async (query: string): Promise<RunSummary[]> => (await app.call('GET', `/api/runs?${query}`)).body.runs;
  const sweeps = await list('signal=sweep');
  t.true(sweeps.length > 0 && sweeps.every((run) => run.signal === 'sweep'));
  t.deepEqual(await list('state=failed'), []);
  const named = await list(`scope=${id('hs-b')}&code=a-function-key`);
  t.true(named.length > 0 && named.every((run) => run.scope.some((item) => item.endsWith('hs-b'))));
  const since = times[2] ?? '';
  t.deepEqual(
    await list(`since=${encodeURIComponent(since)}`),
    runs.filter((run) => run.acceptedAt >= since),
  );
});

test.serial('the same as CSV and as a page, by the same filters and page by page', async (t) => {
  const lines = async (path: string) => {
    const { status, headers, body } = await app.call('GET', path);
    t.is(status, 200);
    t.regex(headers.get('content-type') ?? '', /^text\/csv/);
    const next = /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    return { next, rows: parse(body, { bom: true, columns: true }) as Record<string, string>[] };
  };
  const { runs }: { runs: RunSummary[] } = (await app.call('GET', '/api/runs?signal=manual&limit=200')).body;
  const paged: Record<string, string>[] = [];
  for (let next: string | undefined = '/api/runs?signal=manual&limit=4&format=csv'; next; ) {
    const page = await lines(next);
    paged.push(...page.rows);
    next = page.next;
  }
  t.deepEqual(
    paged.map((row) => [row.runId, row.state, row.commands]),
    runs.map((run) => [run.runId, run.state, String(run.counts.commands)]),
  );

  const [newest] = runs;
  const { body: run }: { body: RunView } = await app.call('GET', `/api/runs/${newest?.runId}`);
  const { rows } = await lines(`/api/runs/${run.runId}?format=csv`);
  t.deepEqual(
    [...new Set(rows.map((row) => row.vmId))],
    run.vms.map((vm) => vm.vmId),
  );

  const page = await app.call('GET', `/api/runs/${run.runId}?format=html&code=a-function-key`);
  t.is(page.headers.get('content-type'), 'text/html; charset=utf-8');
  t.regex(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  t.regex(page.body, new RegExp(`<h1>Run ${run.runId}: ${run.state}</h1>`));
  checkProblem(t, await app.call('GET', `/api/runs/${run.runId}?format=pdf`), 400, 'INPUT_INVALID', 'format');
});

for (const [query, field] of [
  ['format=html', 'format'],
  ['state=broken', 'state'],
  ['limit=1000', 'limit'],
  ['since=now', 'since'],
  ['scope=hs-a', 'scope'],
  ['after=x', 'after'],
  ['color=red', 'color'],
]) {
  test.serial(`refused, a list with ${query}: 400 as a problem that names ${field}`, async (t) => {
    checkProblem(t, await app.call('GET', `/api/runs?${query}`), 400, 'INPUT_INVALID', field ?? '');
  });
}

test.serial('an Idempotency-Key: the same request is the same run, another one a conflict', async (t) => {
  const body = { scope: id('hs-b'), mode: 'check' };
  const send = (asked: object, key: string) => app.call('POST', '/api/runs', asked, { 'idempotency-key': key });
  const watch = app.watch();
  const all = await Promise.all(Array.from({ length: 4 }, () => send(body, 'key-1')));
  const runId = all[0]?.body.runId;
  for (const answer of all) {
    t.is(answer.status, 202);
    t.deepEqual(answer.body, { runId, state: 'accepted' });
    t.is(answer.headers.get('location'), `/api/runs/${runId}`);
  }
  t.like(await app.ended(runId, LONG_MS), { state: 'settled', counts: { vms: 1 } });
  const late = await send({ mode: 'check', dryRun: false, scope: [id('hs-b').toUpperCase()] }, 'key-1');
  t.deepEqual([late.status, late.body], [202, { runId, state: 'accepted' }]);
  t.is(watch.all('signal').filter((step) => step.repeated === true).length, 4);

  const other = await send({ ...body, mode: 'apply' }, 'key-1');
  checkProblem(t, other, 409, 'IDEMPOTENCY_KEY_USED', 'idempotency-key');
  t.true(other.body.detail.includes(runId));
  checkProblem(t, await send(body, 'k'.repeat(200)), 400, 'INPUT_INVALID', 'idempotency-key');
  t.not((await send(body, 'key-2')).body.runId, runId);
});

test.serial(
  'who asked: the name that authentication gives, else that it was a key; in every view and the log',
  async (t) => {
    const watch = app.watch();
    const named = await app.call(
      'POST',
      '/api/runs',
      { scope: id('hs-b'), mode: 'check' },
      { 'x-ms-client-principal-name': 'nurse@example.org' },
    );
    const { runId } = named.body;
    const run = await app.ended(runId, LONG_MS);
    t.is(run.askedBy, 'nurse@example.org');
    for (const name of ['signal', 'planned', 'run-settled']) {
      const line = await watch.step((step) => step.step === name && step.runId === runId);
      t.is(line.askedBy, 'nurse@example.org', name);
    }
    const { body: list } = await app.call('GET', '/api/runs?signal=manual&limit=1');
    t.like(list.runs[0], { runId, askedBy: 'nurse@example.org' });
    for (const path of [`/api/runs/${runId}?format=csv`, '/api/runs?signal=manual&limit=1&format=csv']) {
      const rows: Record<string, string>[] = parse((await app.call('GET', path)).body, { bom: true, columns: true });
      t.is(rows[0]?.askedBy, 'nurse@example.org', path);
    }
    t.regex((await app.call('GET', `/api/runs/${runId}?format=html`)).body, /<dt>asked by<\/dt><dd>nurse@example\.org/);
    t.is((await app.run({ scope: id('hs-b'), mode: 'check' }, LONG_MS)).askedBy, 'function key');
    t.is((await app.sweep(LONG_MS)).askedBy, undefined, 'nobody asked');
  },
);

test.serial('DELETE cancels a run: its command is stopped, it says by whom, and again it is the same', async (t) => {
  const { answer } = app.guests;
  t.teardown(() => Object.assign(app.guests, { answer }));
  const reached = Promise.withResolvers<void>();
  const killed = Promise.withResolvers<void>();
  app.guests.answer = (_, signal) => {
    reached.resolve();
    const stopped = { timedOut: false, stdout: '', stderr: '' };
    return new Promise((resolve) => {
      signal?.addEventListener('abort', () => {
        killed.resolve();
        resolve(stopped);
      });
    });
  };
  const { body } = await app.call('POST', '/api/runs', { scope: id('hs-b'), mode: 'check' });
  const path = `/api/runs/${body.runId}`;
  await reached.promise;
  const foreign = await app.call('DELETE', path, undefined, { 'sec-fetch-site': 'cross-site' });
  checkProblem(t, foreign, 403, 'CROSS_SITE', 'sec-fetch-site');
  const watch = app.watch();
  const asked = await app.call('DELETE', path, undefined, { 'x-ms-client-principal-name': 'nurse@example.org' });
  t.deepEqual([asked.status, asked.body], [202, { runId: body.runId, state: 'cancelling' }]);
  t.is(asked.headers.get('location'), path);
  // Somebody else too: under way, or done by now.
  t.true([200, 202].includes((await app.call('DELETE', path)).status));
  const run = await app.ended(body.runId, LONG_MS);
  await killed.promise;
  t.like(run, { state: 'settled', counts: { vms: 1, cancelled: 1 }, cancelled: { by: 'nurse@example.org' } });
  t.is(vmOf(run, 'hs-b').result, 'cancelled');
  t.regex(vmOf(run, 'hs-b').findings[0]?.text ?? '', /because nurse@example\.org cancelled its run/);
  t.is((await watch.step((step) => step.step === 'cancelled')).stopped, 1);
  const again = await app.call('DELETE', path);
  t.deepEqual([again.status, again.body], [200, { runId: body.runId, state: 'cancelled' }]);
  const rows: Record<string, string>[] = parse((await app.call('GET', `${path}?format=csv`)).body, {
    bom: true,
    columns: true,
  });
  t.is(rows[0]?.cancelledBy, 'nurse@example.org');

  app.guests.answer = answer;
  const next = await app.run({ scope: id('hs-b'), mode: 'check' }, LONG_MS);
  t.is(vmOf(next, 'hs-b').result, 'compliant', 'the VM is free');
  checkProblem(t, await app.call('DELETE', `/api/runs/${next.runId}`), 409, 'RUN_ENDED', 'id');
});

test.serial(
  'a run with a VM that failed is repeated: 202, a Location, a run that names the first and ends well',
  async (t) => {
    app.guests.instead.set('hs-a', () => '');
    const failed = await app.run({ scope: id('hs-a'), mode: 'apply' }, LONG_MS);
    app.guests.instead.clear();
    t.is(vmOf(failed, 'hs-a').result, 'failed');
    const answer = await app.call('POST', `/api/runs/${failed.runId.toUpperCase()}/retry`);
    t.is(answer.status, 202);
    t.is(answer.body.retryOf, failed.runId);
    t.is(answer.headers.get('location'), `/api/runs/${answer.body.runId}`);
    const run = await app.ended(answer.body.runId, LONG_MS);
    t.like(run, { state: 'settled', signal: 'manual', mode: 'apply', retryOf: failed.runId, scope: failed.scope });
    t.is(vmOf(run, 'hs-a').result, 'compliant');
    const again = () =>
      app.call('POST', `/api/runs/${failed.runId}/retry`, undefined, { 'idempotency-key': 'retry-1' });
    const [first, second] = [await again(), await again()];
    t.deepEqual([first.status, second.status], [202, 202]);
    t.is(second.body.runId, first.body.runId);
    await app.ended(first.body.runId, LONG_MS);
    checkProblem(t, await app.call('POST', `/api/runs/${run.runId}/retry`), 409, 'RUN_NOT_FAILED', 'id');
  },
);

test.serial('a retry of a run that is open, of none, and of what is no id is refused', async (t) => {
  const { body } = await app.call('POST', '/api/runs', { scope: id('hs-a'), mode: 'check' });
  checkProblem(t, await app.call('POST', `/api/runs/${body.runId}/retry`), 409, 'RUN_OPEN', 'id');
  await app.ended(body.runId, LONG_MS);
  checkProblem(t, await app.call('POST', `/api/runs/${'0'.repeat(32)}/retry`), 404, 'NOT_FOUND', 'id');
  checkProblem(t, await app.call('POST', '/api/runs/last/retry'), 400, 'INPUT_INVALID', 'id');
  t.is((await app.call('GET', `/api/runs/${body.runId}/retry`)).status, 404);
});

test.serial('no function threw, whatever was asked', (t) => {
  t.deepEqual(failures(app), []);
});
