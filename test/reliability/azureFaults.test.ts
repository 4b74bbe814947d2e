/**
 * Azure's bad days, one row each: what strikes hs-b (or everything), and the defined outcome. hs-a, the other member,
 * must be served all the same. Through the app's adapters and the SDKs, over the simulated ARM.
 * Long: one table of cases about one thing.
 */
import test, { type ExecutionContext } from 'ava';
import type { Arm } from '../../simulator/arm/arm.ts';
import type { Fault } from '../../simulator/arm/faults.ts';
import { vmId } from '../../simulator/estate/ids.ts';
import { until } from '../../simulator/until.ts';
import { type Lapse, lapse } from './lapse.ts';

interface Row {
  title: string;
  /** Set before the sweep. */
  faults?: Fault[];
  before?: (it: Lapse) => void;
  /** Once the first command is in a guest. */
  during?: (it: Lapse) => void | Promise<void>;
  /** What hs-b ends as, with the code of its first finding where one is expected. */
  expect: [result: string, code?: string];
  /** What else must hold. */
  also?: (t: ExecutionContext, it: Lapse) => void;
  /** What hs-a ends as; `repaired` unless said otherwise. */
  other?: string;
}

const PUT = { call: 'putRunCommand', vm: 'hs-b' } as const;
const GET = { call: 'getRunCommand', vm: 'hs-b' } as const;
const status = (code: number, more: object = {}) => ({ status: code, ...more }) as const;
const view = (change: (view: Record<string, unknown>) => void): Fault => ({
  match: GET,
  times: 100,
  kind: {
    edit: (body) => {
      const { instanceView } = body.properties as { instanceView?: Record<string, unknown> };
      if (instanceView?.endTime) change(instanceView);
    },
  },
});

const REPAIRED: Row['expect'] = ['repaired'];
const transient: Row[] = [429, 500, 502, 503, 504].flatMap((code) =>
  (['listVms', 'listNics', 'ruleHealth', 'instanceView', 'getRunCommand', 'putRunCommand'] as const).map((call) => ({
    title: `${code} twice on ${call}`,
    faults: [{ match: { call }, times: 2, kind: status(code) }],
    expect: REPAIRED,
  })),
);
const drops: Row[] = (['before', 'after'] as const).flatMap((drop) =>
  (['listLoadBalancers', 'getRunCommand', 'putRunCommand', 'ruleHealth'] as const).map((call) => ({
    title: `connection dropped ${drop} ${call} was taken`,
    faults: [{ match: { call }, times: 1, kind: { drop } }],
    expect: REPAIRED,
  })),
);
const paging: Row[] = (['loop', 'gone', 'other-host', 'no-value'] as const).map((kind) => ({
  title: `paging broken once: ${kind}`,
  faults: [{ match: { call: 'listNics' }, times: 1, kind: { paging: kind } }],
  expect: REPAIRED,
}));
/** The output from there on, with so much noise after it that Azure, which keeps the last 4,096 bytes, begins there. */
const tail = (text: string, from: number): string => text.slice(from).padEnd(4096, 'x');
const ofAnotherRun = (text: string): string => text.replace(/\b[0-9a-f]{32}\b/g, 'f'.repeat(32));
const outputs: Row[] = [
  ['cut', ['failed', 'REPORT_CUT']],
  ['empty', ['failed', 'REPORT_MISSING']],
  ['not-json', ['failed', 'REPORT_MISSING']],
  ['other-run', ['failed', 'REPORT_OF_ANOTHER_RUN']],
  [(text: string) => `${text}${text}`, REPAIRED],
  [(text: string) => `${'x'.repeat(4096)}\n${text}`, REPAIRED],
  [() => '\u0000\uFFFD'.repeat(2048), ['failed', 'REPORT_MISSING']],
  [(text: string) => text.replace(/\{.*/, '{"v":1,'), ['failed', 'REPORT_CUT']],
  [(text: string) => text.replace(/\{.*/, '{nothing}'), ['failed', 'REPORT_INVALID']],
  [
    function onlyNoise() {
      return 'x'.repeat(4096);
    },
    ['failed', 'REPORT_MISSING'],
  ],
  [
    function markerCutInTwoByLaterNoise(text: string) {
      return tail(text, text.indexOf('HAIRPIN-GUARD'));
    },
    ['failed', 'REPORT_MISSING'],
  ],
  [
    function reportCutInTwoByLaterNoise(text: string) {
      return tail(text, text.indexOf('{') + 10);
    },
    ['failed', 'REPORT_MISSING'],
  ],
  [
    function anotherRunsReportBeforeOurs(text: string) {
      return `${ofAnotherRun(text)}${text}`;
    },
    REPAIRED,
  ],
  [
    function anotherRunsReportAfterOurs(text: string) {
      return `${text}${ofAnotherRun(text)}`;
    },
    ['failed', 'REPORT_OF_ANOTHER_RUN'],
  ],
].map(([output, expect]) => ({
  title: `output ${typeof output === 'function' && output.name ? output.name : String(output).slice(0, 60)}`,
  faults: [{ match: { vm: 'hs-b' }, kind: { output } } as Fault],
  expect: expect as Row['expect'],
  other: (expect as string[])[0] === 'failed' ? 'blocked' : 'repaired',
}));
const states: Row[] = (['Failed', 'TimedOut', 'Canceled'] as const).map((state) => ({
  title: `executionState ${state} without a report`,
  faults: [
    view((shown) => {
      Object.assign(shown, { executionState: state, output: '', exitCode: 1 });
    }),
  ],
  expect: ['failed', 'REPORT_MISSING'],
  other: 'blocked',
}));

const rows: Row[] = [
  ...transient,
  ...drops,
  ...paging,
  ...outputs,
  ...states,
  {
    title: 'executionState Failed with a whole report: the report counts',
    faults: [view((shown) => void Object.assign(shown, { executionState: 'Failed', exitCode: 1 }))],
    expect: REPAIRED,
  },
  {
    title: 'executionState stays Unknown',
    faults: [view((shown) => void Object.assign(shown, { executionState: 'Unknown', output: '' }))],
    expect: ['failed', 'COMMAND_TIMED_OUT'],
    other: 'blocked',
  },
  {
    title: '429 with Retry-After 20',
    faults: [{ match: PUT, kind: status(429, { retryAfterSeconds: 20 }) }],
    expect: REPAIRED,
  },
  {
    title: '429 with Retry-After on a list',
    faults: [{ match: { call: 'listVms' }, kind: status(429, { retryAfterSeconds: 5 }) }],
    expect: REPAIRED,
  },
  { title: 'slow answers', faults: [{ match: {}, times: 10, kind: { slowMs: 300 } }], expect: REPAIRED },
  {
    title: '409 four times',
    faults: [{ match: PUT, times: 4, kind: status(409, { code: 'Conflict' }) }],
    expect: REPAIRED,
  },
  {
    title: 'somebody else’s command holds the VM for a while',
    before: ({ arm }) => void setTimeout(arm.occupy('hs-b'), 1500),
    expect: REPAIRED,
  },
  {
    title: '404 in the middle',
    faults: [{ match: PUT, times: 9, kind: status(404, { code: 'ResourceNotFound' }) }],
    expect: ['failed', 'VM_GONE'],
    other: 'blocked',
  },
  {
    title: '403 on the PUT',
    faults: [{ match: PUT, times: 9, kind: status(403, { code: 'AuthorizationFailed' }) }],
    expect: ['failed', 'ACCESS_DENIED'],
  },
  {
    title: 'a policy that denies Run Commands: told in its words after one PUT',
    before: (it) => void it.arm.denyByPolicy(vmId(it.estate, 'hs-b')),
    expect: ['failed', 'AZURE_REFUSES'],
    also: (t, it) => {
      t.is(putsTo(it, 'hs-b'), 1);
      t.regex(String(it.log.find(({ step }) => step === 'command-failed')?.fields.text), /was disallowed by policy/);
    },
  },
  {
    title: 'a lock that refuses writes: told after one PUT',
    before: (it) => void it.arm.lock(vmId(it.estate, 'hs-b'), 'ReadOnly'),
    expect: ['failed', 'AZURE_REFUSES'],
    also: (t, it) => t.is(putsTo(it, 'hs-b'), 1),
  },
  {
    title: 'a VM that allows no extension operations: told after one PUT',
    before: (it) => it.arm.changes.allowExtensions('hs-b', false),
    expect: ['failed', 'AZURE_REFUSES'],
    also: (t, it) => t.is(putsTo(it, 'hs-b'), 1),
  },
  {
    title: '403 on the instance view',
    faults: [{ match: { call: 'instanceView', vm: 'hs-b' }, times: 9, kind: status(403) }],
    expect: ['failed', 'ACCESS_DENIED'],
  },
  {
    title: 'token expired once on the PUT',
    faults: [{ match: PUT, times: 1, kind: status(401, { code: 'ExpiredAuthenticationToken' }) }],
    expect: REPAIRED,
  },
  {
    title: 'token expired once on a list',
    faults: [{ match: { call: 'listVms' }, times: 1, kind: status(401, { code: 'ExpiredAuthenticationToken' }) }],
    expect: REPAIRED,
  },
  {
    title: 'token expired once on the look',
    faults: [{ match: GET, times: 1, kind: status(401, { code: 'ExpiredAuthenticationToken' }) }],
    expect: REPAIRED,
  },
  { title: 'stale instance view', faults: [{ match: { vm: 'hs-b' }, kind: { staleMs: 600 } }], expect: REPAIRED },
  {
    title: 'rule health never finishes at first',
    faults: [{ match: { call: 'ruleHealth' }, times: 2, kind: { health: 'never-finishes' } }],
    expect: REPAIRED,
  },
  {
    title: 'deallocated during the command',
    before: ({ lab }) => lab.behave('hs-b', 'hangs'),
    during: ({ arm }) => void arm.changes.setPower('hs-b', 'deallocated'),
    expect: ['failed', 'COMMAND_TIMED_OUT'],
    other: 'blocked',
  },
  {
    title:
      'a command that hangs while a lock refuses its delete: told with the lock, and the other member is left alone',
    before: (it) => {
      it.lab.behave('hs-b', 'hangs');
      it.arm.lock(`/subscriptions/${it.estate.subscriptionId}`);
    },
    expect: ['failed', 'COMMAND_STUCK'],
    other: 'unknown',
    also: (t, it) => {
      t.is(it.log.filter(({ step }) => step === 'cancel').length, 1);
      t.true(it.arm.calls.filter(({ method }) => method === 'DELETE').length <= 5);
    },
  },
  {
    title: 'a command that hangs, its delete refused by a lock at first and allowed later',
    before: (it) => {
      it.lab.behave('hs-b', 'hangs');
      const unlock = it.arm.lock(`/subscriptions/${it.estate.subscriptionId}`);
      const untilRefused = setInterval(() => {
        if (!it.arm.calls.some((call) => call.method === 'DELETE' && call.status === 409)) return;
        clearInterval(untilRefused);
        unlock();
      }, 20);
    },
    expect: ['failed', 'COMMAND_TIMED_OUT'],
    other: 'blocked',
    also: (t, { arm }) => {
      const deletes = arm.calls.filter((call) => call.method === 'DELETE').map((call) => call.status);
      t.is(deletes[0], 409);
      t.is(deletes.at(-1), 202);
    },
  },
  {
    title: 'agent gone during the command, which reports all the same',
    during: ({ arm }) => agentSays(arm, 'Not Ready'),
    expect: REPAIRED,
  },
  {
    title: 'agent gone during the command, and nothing is heard of it again',
    before: ({ lab }) => lab.behave('hs-b', 'hangs'),
    during: ({ arm }) => agentSays(arm, 'Not Ready'),
    expect: ['failed', 'COMMAND_TIMED_OUT'],
    other: 'blocked',
  },
  { title: 'agent gone', before: ({ arm }) => noAgent(arm), expect: ['unknown', 'AGENT_NOT_READY'] },
];

const putsTo = (it: Lapse, vm: string): number =>
  it.arm.calls.filter(({ method, path }) => method === 'PUT' && path.includes(`/${vm}/`)).length;

function noAgent(arm: Arm): void {
  onInstanceView(arm, { vmAgent: undefined });
}

function agentSays(arm: Arm, displayStatus: string): void {
  onInstanceView(arm, { vmAgent: { vmAgentVersion: '2.11.1.4', statuses: [{ displayStatus }] } });
}

function onInstanceView(arm: Arm, change: object): void {
  arm.fault({
    match: { call: 'instanceView', vm: 'hs-b' },
    times: 99,
    kind: { edit: (body) => void Object.assign(body, change) },
  });
}

/** Cases side by side: each waits more than it works. */
const LANES = 14;
const lanes: Promise<void>[] = Array.from({ length: LANES }, () => Promise.resolve());

for (const [i, row] of rows.entries()) {
  test(row.title, async (t) => {
    const lane = lanes[i % LANES];
    const { promise, resolve } = Promise.withResolvers<void>();
    lanes[i % LANES] = promise;
    await lane;
    try {
      const it = await lapse(t);
      for (const fault of row.faults ?? []) it.arm.fault(fault);
      row.before?.(it);
      const ended = it.sweep();
      if (row.during) {
        await until('a command in a guest', () => it.lab.runs.length > 0);
        await row.during(it);
      }
      const run = await ended;
      t.is(run.state, 'settled');
      const outcome = await it.outcome(run.runId, 'hs-b');
      const other = await it.outcome(run.runId, 'hs-a');
      const [result, code] = row.expect;
      const first = outcome?.findings[0];
      t.is(outcome?.result, result as never, JSON.stringify(outcome?.findings));
      if (code) t.true(first?.code === code || first?.params.code === code, JSON.stringify(first));
      t.is(other?.result, (row.other ?? 'repaired') as never, JSON.stringify(other));
      row.also?.(t, it);
      t.deepEqual(it.lab.overlaps, []);
      const ids = it.lab.runs.map((one) => one.commandId);
      t.is(new Set(ids).size, ids.length, 'no command ran twice');
    } finally {
      resolve();
    }
  });
}

test('a list that cannot be read ends the run with the reason and a next step', async (t) => {
  const it = await lapse(t);
  it.arm.fault({ match: { call: 'listNics' }, times: 999, kind: { status: 403, code: 'AuthorizationFailed' } });
  const run = await it.sweep(900);
  t.is(run.state, 'failed');
  t.is(run.reason?.code, 'AZURE_DENIED');
  t.regex(run.reason?.text ?? '', /Microsoft\.Network\/networkInterfaces\/read/);
});
