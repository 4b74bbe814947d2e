/**
 * `assess` as a person runs it: a process of its own, the real SDKs over https, the simulated Azure.
 * Long: one table of cases about one thing.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import anyTest, { type ExecutionContext } from 'ava';
import { parse } from 'csv-parse/sync';
import { createGuestCommands } from '../../shared/azure/runCommand.ts';
import { createTopologyReader } from '../../shared/azure/topology.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import { renderScript } from '../../shared/guest/render.ts';
import { MARKER } from '../../shared/guest/wire.ts';
import { commandIdOf } from '../../shared/model/commandId.ts';
import type { GuestPlan } from '../../shared/model/guest.ts';
import { shortName } from '../../shared/model/ids.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import type { Assessment } from '../../shared/views/assessment.ts';
import type { Arm, ArmOptions } from '../../simulator/arm/arm.ts';
import { authorizeBy, type RoleAssignment } from '../../simulator/arm/roles.ts';
import { APP_PRINCIPAL } from '../../simulator/arm/tokens.ts';
import { type ArticleOptions, articleEstate } from '../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../simulator/estate/estate.ts';
import { manyPairs } from '../../simulator/estate/manyPairs.ts';
import { threeByThree } from '../../simulator/estate/threeByThree.ts';
import { until } from '../../simulator/until.ts';
import { testNeeding } from '../needs.ts';
import { fakeLab, result } from '../simulator/arm/fakeLab.ts';
import { withArm as armOf, type Bench } from '../simulator/arm/withArm.ts';
import { assess, shell, signedIn } from './cli.ts';

// Each starts processes: all at once would be too much for a small machine.
const test = anyTest.serial;

// biome-ignore lint/complexity/useRegexLiterals: a literal may not hold it.
const ESCAPE = new RegExp('\u001b');

const HEALTH = 'Microsoft.Network/loadBalancers/loadBalancingRules/health/action';
const COMMANDS = 'Microsoft.Compute/virtualMachines/runCommands';
const SECOND = '00000000-0000-0000-0000-000000000002';
const THIRD = '00000000-0000-0000-0000-000000000003';

/** The article's estate without the VM that has one NIC. */
function pair(options: ArticleOptions = {}): Estate {
  const estate = articleEstate({ resourceGroup: 'pair-rg', ...options });
  const members = ['hs-a', 'hs-b'];
  for (const { pools } of estate.loadBalancers) {
    for (const pool of pools) pool.members = pool.members.filter((member) => !member.startsWith('hs-c'));
  }
  return {
    ...estate,
    vms: estate.vms.filter(({ name }) => members.includes(name)),
    mirrors: estate.mirrors.map((mirror) => ({ ...mirror, members })),
  };
}

/**
 * A person with Reader, the right to rule health, and the one to send a command: tests let the app act where they need
 * one. That the command line itself only reads is held by {@link changesNothing}.
 */
const PERSON: Partial<ArmOptions> = {
  authorize: (_, action) => /\/read$/.test(action) || action === HEALTH || action === `${COMMANDS}/write`,
};

const withArm = (t: ExecutionContext, options: Partial<ArmOptions> = {}, estate?: Estate): Promise<Bench> =>
  armOf(t, { ...PERSON, ...options }, estate);

/** The article's estate, and two more subscriptions. */
async function withThree(t: ExecutionContext, options: Partial<ArmOptions> = {}): Promise<Bench> {
  const estates = [articleEstate(), threeByThree({ subscriptionId: SECOND }), pair({ subscriptionId: THIRD })];
  return withArm(t, { sites: estates.map((estate) => ({ estate, lab: fakeLab(estate) })), ...options }, estates[0]);
}

const roles = (...assignments: Omit<RoleAssignment, 'principalId'>[]): Partial<ArmOptions> => ({
  authorize: authorizeBy(assignments.map((it) => ({ principalId: APP_PRINCIPAL.principalId, ...it }))),
});

const json = async (arm: Arm, args: string[] = []): Promise<{ code: number | null; report: Assessment }> => {
  const { code, stdout, stderr } = await assess(arm, ['--json', ...args]);
  if (stdout === '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as Assessment };
};

/** Nothing was asked for but reads, and rule health's POST. */
function changesNothing(t: ExecutionContext, arm: Arm): void {
  t.true(arm.calls.length > 0);
  const others = arm.calls.filter(
    ({ method, action }) => method !== 'GET' && !(method === 'POST' && action === HEALTH),
  );
  t.deepEqual(others, []);
}

const stateOf = ({ paths }: Assessment): string[] => paths.map(({ vm, vip, state }) => `${vm} ${vip} ${state}`);

test('the article’s estate: three lines, what fails now first, what a person does, exit code 2', async (t) => {
  const { arm } = await withArm(t);
  const { code, stdout, stderr } = await assess(arm);
  t.is(code, 2);
  t.is(stderr, '', 'no progress without a terminal');
  t.notRegex(stdout, ESCAPE, 'no colour in a pipe');
  const lines = stdout.split('\n');
  t.is(lines[0], '2 frontends (2 mirrors) on 1 internal load balancer, 3 VMs, 5 paths in 1 subscription');
  t.is(lines[1], '2 fail now, 3 would after a failover, 1 of these need a person first; 0 fixed, 0 not known');
  t.regex(lines[2] ?? '', /^EXPOSED: .*hs-a is primary for ucr-registry and patient-index\.$/);
  const rows = lines.filter((line) => /^(fails now|after a failover|not known) /.test(line));
  t.deepEqual(
    rows.map((row) => row.split(/ {2,}/).slice(0, 3)),
    [
      ['fails now', 'hs-a', '10.0.1.100'],
      ['fails now', 'hs-a', '10.0.1.101'],
      ['after a failover', 'hs-b', '10.0.1.100'],
      ['after a failover', 'hs-b', '10.0.1.101'],
      ['after a failover', 'hs-c', '10.0.1.100'],
    ],
  );
  t.regex(rows[4] ?? '', /NO_SECONDARY_NIC$/);
  t.regex(stdout, /NO_SECONDARY_NIC {2}hs-c to 10\.0\.1\.100\n {4}The VM has no NIC outside the backend pool/);
  changesNothing(t, arm);
});

test('README shows what the command prints', async (t) => {
  const { arm } = await withArm(t);
  const { stdout } = await assess(arm);
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const shown = /<!-- assess: .*? -->\n```\n\$ npm run --silent assess\n(.*?)```\n<!-- end of assess -->/s.exec(
    readme,
  )?.[1];
  t.is(shown, stdout);
});

test('all subscriptions that the sign-in sees; --subscription, --resource-group and --load-balancer narrow', async (t) => {
  const { arm } = await withThree(t);
  const all = await json(arm);
  t.is(all.report.counts.paths, 5 + 9 + 4);
  t.is(all.report.scope.subscriptions.length, 3);
  const one = await json(arm, ['--subscription', SECOND.toUpperCase()]);
  t.deepEqual(new Set(one.report.paths.map(({ loadBalancer }) => loadBalancer)), new Set(['tri-ilb']));
  const two = await json(arm, ['--subscription', SECOND, '--subscription', THIRD]);
  t.is(two.report.counts.paths, 13);
  const group = await json(arm, ['--resource-group', 'HEALTHSHARE-RG']);
  t.is(group.report.counts.paths, 5);
  const balancer = await json(arm, ['--load-balancer', 'TRI-ilb', '--load-balancer', 'healthshare-ILB']);
  t.is(balancer.report.counts.paths, 18);
  t.deepEqual(
    new Set(balancer.report.frontends.map(({ loadBalancer }) => loadBalancer)),
    new Set(['healthshare-ilb', 'tri-ilb']),
  );
});

test('a name that nothing bears is no estate without a fault', async (t) => {
  const { arm } = await withArm(t);
  for (const [args, said] of [
    [['--resource-group', 'healthshar-rg'], /--resource-group is "healthshar-rg": no VM and no load balancer/],
    [['--load-balancer', 'ilb'], /--load-balancer is "ilb": .*\nAmong those that there are: healthshare-ilb\./],
    [['--if-lost', 'hs-z'], /--if-lost is "hs-z": .*\nAmong those that there are: hs-a, hs-b, hs-c\./],
    [['--subscription', 'prod'], /--subscription is "prod": the id of a subscription \(a GUID\) is expected/],
    [['--subscripton', 'x'], /Unknown option '--subscripton'/],
    [['--json', '--csv'], /one of the two is expected/],
  ] as const) {
    const { code, stdout, stderr } = await assess(arm, [...args]);
    t.is(code, 1, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, said);
  }
});

test('403 in one of three subscriptions: the others are told, the row names the right, and it is not fine', async (t) => {
  const read = (id: string) => ({ scope: `/subscriptions/${id}`, actions: ['*/read', HEALTH] });
  const withoutNics = {
    ...read(THIRD),
    notActions: ['Microsoft.Network/networkInterfaces/read', 'Microsoft.Network/loadBalancers/read'],
  };
  const { arm, estate } = await withThree(t, roles(read(estate0), read(SECOND), withoutNics));
  t.is(estate.subscriptionId, estate0);
  const { code, report } = await json(arm);
  t.is(code, 2);
  t.is(report.counts.paths, 14);
  t.deepEqual(
    report.unread.map(({ what, name, action, code: why }) => [what, name, action, why]),
    [
      ['lists', 'Subscription 0003', 'Microsoft.Network/networkInterfaces/read', 'AZURE_DENIED'],
      ['lists', 'Subscription 0003', 'Microsoft.Network/loadBalancers/read', 'AZURE_DENIED'],
    ],
  );
  const { stdout } = await assess(arm);
  t.regex(stdout, /2 things could not be read/);
  t.regex(stdout, /Not read\n {2}subscription Subscription 0003: AZURE_DENIED/);
  changesNothing(t, arm);
});

test('429 in one of three subscriptions: the others are told, and when to come again', async (t) => {
  const { arm } = await withThree(t);
  arm.fault({
    match: { call: 'listNics', path: new RegExp(SECOND) },
    times: 9,
    kind: { status: 429, code: 'SubscriptionRequestsThrottled', retryAfterSeconds: 300 },
  });
  const { code, report } = await json(arm, ['--no-health', '--no-reports']);
  t.is(code, 2, 'a VM with one NIC needs no more to be known');
  t.is(report.counts.paths, 9);
  t.like(report.unread[0], {
    what: 'lists',
    name: 'Subscription 0002',
    code: 'AZURE_THROTTLED',
    nextStep: 'Azure is asked too often by this sign-in. Run it again in some minutes.',
  });
  arm.clearFaults();
  arm.fault({ match: { path: new RegExp(SECOND) }, times: 9, kind: { status: 404, code: 'SubscriptionNotFound' } });
  const none = await assess(arm, ['--subscription', SECOND]);
  t.is(none.code, 1);
  t.regex(none.stderr, /\nLook at the id: az account list/);
});

const estate0 = articleEstate().subscriptionId;

test('nothing can be read: exit code 1, with what to do', async (t) => {
  const { arm } = await withArm(
    t,
    roles({ scope: `/subscriptions/${estate0}`, actions: ['Microsoft.Resources/subscriptions/read'] }),
  );
  const refused = await assess(arm);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /Microsoft\.Compute\/virtualMachines\/read: .*\nAsk for the role Reader/s);
  const none = await assess(arm, [], {
    IDENTITY_ENDPOINT: '',
    IDENTITY_HEADER: '',
    AZURE_TOKEN_CREDENTIALS: 'AzureCliCredential',
  });
  t.is(none.code, 1);
  t.regex(none.stderr, /\nSign in with az login/);
  t.is(none.stdout, '');
});

test('without the right to rule health nobody is known to be primary, and it says so', async (t) => {
  const { arm } = await withArm(t, roles({ scope: `/subscriptions/${estate0}`, actions: ['*/read'] }));
  const { code, report } = await json(arm);
  t.is(code, 2, 'what no failover can change is exposed all the same');
  t.is(report.counts.exposedNow, 0);
  t.deepEqual(
    report.unread.map(({ what, name, action }) => [what, name, action]),
    [['health', 'healthshare-ilb', HEALTH]],
  );
  t.regex(report.unread[0]?.nextStep ?? '', /^Reader lacks /);
});

test('what the app did is heard from its last command: fixed, exit code 0, and 3 where that cannot be read', async (t) => {
  const bench = await withArm(t, {}, pair());
  await applyAll(bench);
  const sent = bench.arm.calls.length;
  const { code, report } = await json(bench.arm);
  t.deepEqual(stateOf(report), [
    'hs-a 10.0.1.100 fixed',
    'hs-b 10.0.1.100 fixed',
    'hs-a 10.0.1.101 fixed',
    'hs-b 10.0.1.101 fixed',
  ]);
  t.is(code, 0);
  t.deepEqual(report.unread, []);
  t.true(report.paths.every(({ proof }) => proof.at !== undefined));
  const { stdout } = await assess(bench.arm);
  t.regex(stdout, /^OK: Nothing is exposed\./m);
  const { trace } = (await json(bench.arm, ['--from', 'hs-a', '--to', '10.0.1.100'])).report;
  t.is(trace?.fix, 'whole');
  t.deepEqual(
    trace?.scenarios.map(({ outcome }) => outcome),
    ['works', 'works'],
  );

  const unread = await json(bench.arm, ['--no-reports']);
  t.is(unread.code, 3);
  t.deepEqual(new Set(unread.report.paths.map(({ state }) => state)), new Set(['unknown']));
  bench.arm.fault({
    match: { call: 'getRunCommand', vm: 'hs-b' },
    times: 100,
    kind: { status: 403, code: 'AuthorizationFailed' },
  });
  const half = await json(bench.arm);
  t.is(half.code, 3);
  t.deepEqual(
    half.report.unread.map(({ what, name, action }) => [what, name, action]),
    [['report', 'hs-b', 'Microsoft.Compute/virtualMachines/runCommands/read']],
  );
  bench.arm.clearFaults();

  // The NIC that carries the route is another one now: the report is of addresses that the VM no longer has.
  const [vm] = bench.arm.estates[0]?.vms ?? [];
  if (vm?.nics[1]) vm.nics[1].mac = '00-0D-3A-00-01-99';
  const moved = await json(bench.arm);
  t.is(moved.code, 3);
  t.deepEqual(
    moved.report.paths.filter(({ vm: name }) => name === 'hs-a').map(({ heard }) => heard),
    ['other-plan', 'other-plan'],
  );
  t.deepEqual(
    bench.arm.calls.slice(sent).filter(({ method }) => method !== 'GET' && method !== 'POST'),
    [],
  );
});

test('a report that shows drift is exposed, and so is what was removed', async (t) => {
  const bench = await withArm(t, {}, pair());
  await applyAll(bench, (vm) =>
    vm === 'hs-a' ? { mode: 'check', entry: 'RY;=;t1000;=;n;' } : { mode: 'remove', entry: ';;n;n;n;' },
  );
  const { code, report } = await json(bench.arm);
  t.is(code, 2);
  t.deepEqual(
    report.paths.map(({ vm, state, verdict, heard }) => [vm, state, verdict, heard].join(' ')),
    [
      'hs-a exposed repairable report',
      'hs-a exposed repairable report',
      'hs-b exposed unknown never',
      'hs-b exposed unknown never',
    ],
  );
});

/** Gives every VM a command as the app does; the guest prints a report with one entry per VIP. */
async function applyAll(
  { clients, lab, estate }: Bench,
  report: (vm: string) => { mode: 'apply' | 'check' | 'remove'; entry: string } = () => ({
    mode: 'apply',
    entry: ';=;o2;=;r;',
  }),
): Promise<void> {
  const topology = await createTopologyReader(clients).read(estate.subscriptionId);
  const { plans, vms } = survey(topology, { subscriptionIds: [estate.subscriptionId], within: [], ...DEFAULT_TAGS });
  lab.answer = ({ vm, script }) => {
    const id = /^# ilb-hairpin-guard command (\w+)$/m.exec(script)?.[1];
    const { mode, entry } = report(vm);
    return result(
      `${MARKER} ${id} ${JSON.stringify({ v: 1, os: 'linux', mode, chg: 0, p: [`0;${entry}`, `1;${entry}`], w: [] })}\n`,
    );
  };
  const commands = createGuestCommands(clients);
  for (const [key, { plan }] of plans) {
    const vm = vms.get(key);
    if (!vm) throw new Error(key);
    const command = {
      commandId: commandIdOf(key, 1),
      mode: report(shortName(vm.id)).mode,
      plan: plan as GuestPlan,
      limits: { connectSeconds: 1, totalSeconds: 60 },
    };
    await commands.send({
      vmId: vm.id,
      location: vm.location,
      os: 'linux',
      slot: 'A',
      script: renderScript('linux', command),
      timeoutSeconds: 60,
      tags: {},
    });
    await until(
      () => `the end of the command on ${vm.id}`,
      async () => (await commands.look(vm.id, 'A'))?.state === 'Succeeded',
      60_000,
      50,
    );
  }
}

test('--if-lost tells who takes over and what fails there', async (t) => {
  const { arm } = await withArm(t);
  const { report } = await json(arm, ['--if-lost', 'HS-A']);
  t.deepEqual(report.ifLost?.moves, [
    { frontend: 'ucr-registry', vip: '10.0.1.100', to: ['hs-b', 'hs-c'] },
    { frontend: 'patient-index', vip: '10.0.1.101', to: ['hs-b'] },
  ]);
  t.deepEqual(report.ifLost?.sharing, [{ vm: 'hs-b', frontends: ['ucr-registry', 'patient-index'] }]);
  const { stdout } = await assess(arm, ['--if-lost', 'hs-a']);
  t.regex(stdout, /If hs-a is lost\n {2}ucr-registry \(10\.0\.1\.100\) moves to hs-b or hs-c\n/);
  t.regex(stdout, / {2}hs-b could then not reach patient-index \(10\.0\.1\.101\)/);
  t.regex((await assess(arm, ['--if-lost', 'hs-c'])).stdout, /If hs-c is lost\n {2}It is primary for nothing/);
});

test('--from and --to: each step of that connection, now and after each failover', async (t) => {
  const { arm } = await withArm(t);
  const { code, stdout } = await assess(arm, ['--from', 'hs-a', '--to', '10.0.1.101']);
  t.is(code, 2);
  const trace = stdout.slice(stdout.indexOf('From hs-a'), stdout.indexOf('Told by no list')).split('\n');
  t.deepEqual(
    trace.filter((line) => /^(From| {2}\S)/.test(line)),
    [
      'From hs-a to 10.0.1.101 (patient-index), port 1973',
      '  Now: FAILS',
      '  After a failover to hs-b: works',
      '  Taken for granted:',
    ],
  );
  t.true(
    trace.includes('    X  It comes back to hs-a with an address of hs-a itself as its source, and hs-a drops it.'),
  );
  const { report } = await json(arm, ['--from', 'HS-B', '--to', 'ucr-registry']);
  t.deepEqual(
    report.trace?.scenarios.map(({ failoverTo, outcome }) => [failoverTo, outcome]),
    [
      [undefined, 'works'],
      ['hs-b', 'fails'],
      ['hs-c', 'works'],
    ],
  );
  for (const [args, said] of [
    [['--from', 'hs-a'], /--to is "": the VIP or frontend/],
    [['--to', '10.0.1.100'], /--from is "": the VM that connects/],
    [
      ['--from', 'hs-c', '--to', '10.0.1.101'],
      /--to is "10\.0\.1\.101": .*\nIt is a member of: 10\.0\.1\.100 \(ucr-registry\)\./,
    ],
  ] as const) {
    const wrong = await assess(arm, [...args]);
    t.is(wrong.code, 1);
    t.regex(wrong.stderr, said);
  }
});

test('--script: the script alone on stdout, how to run and undo it beside it', async (t) => {
  const { arm } = await withArm(t);
  const { code, stdout, stderr } = await assess(arm, ['--script', 'hs-a']);
  t.is(code, 0);
  t.regex(stdout, /^#!\/bin\/bash -p\n# ilb-hairpin-guard command [0-9a-f]{32}\n/);
  t.regex(stdout, /^VIP=\(10\.0\.1\.100 10\.0\.1\.101\)$/m);
  t.regex(stderr, /run it there as root.*\n {2}sudo bash -p ilb-hairpin-guard-hs-a\.sh\nThese three undo it/);
  const { report } = await json(arm, ['--script', 'hs-a']);
  t.is((report as unknown as { script: string }).script, stdout);
  t.deepEqual(
    arm.calls.filter(
      ({ action }) => !/(virtualMachines|networkInterfaces|loadBalancers|subscriptions)\/read$/.test(action),
    ),
    [],
    'the lists are all that it takes',
  );
  const blocked = await assess(arm, ['--script', 'hs-c']);
  t.is(blocked.code, 1);
  t.is(blocked.stdout, '');
  t.regex(blocked.stderr, /there is no script for this VM yet\nThe VM has no NIC outside/);
  t.regex((await assess(arm, ['--script', 'hs-a', '--mask'])).stderr, /--script|INPUT_INVALID/);
  t.is((await assess(arm, ['--script', 'hs-a', '--csv'])).code, 1);
});

test('--csv: a line per path, and one for what could not be read', async (t) => {
  const { arm } = await withArm(t);
  const { code, stdout } = await assess(arm, ['--csv', '--no-health']);
  t.is(code, 2);
  const lines: Record<string, string>[] = parse(stdout, { bom: true, columns: true });
  t.deepEqual(
    lines.map(({ kind }) => kind),
    ['path', 'path', 'path', 'path', 'path', 'unread', 'notTold', 'notTold'],
  );
  t.like(lines[4], { state: 'exposed', exposure: 'latent', vm: 'hs-c', vip: '10.0.1.100', verdict: 'blocked' });
  t.like(lines[5], { state: 'unknown', vm: 'healthshare-ilb', right: HEALTH });
});

/** The article’s estate with everything in the way that Azure can tell of. */
function beset(): Estate {
  const estate = articleEstate();
  const [a, b, c] = estate.vms;
  const [, second] = a?.nics ?? [];
  const [first] = b?.nics ?? [];
  if (!a || !b || !c || !second || !first) throw new Error('not the article’s estate');
  Object.assign(second, { ipForwarding: true, securityGroup: 'leaving' });
  first.securityGroup = 'allow-list';
  Object.assign(a, { extensionsDisallowed: true, agent: { status: 'Ready', version: '2.2.53' } });
  Object.assign(b, { madeWithoutAgent: true, agent: { status: 'Not Ready', version: '' } });
  c.size = 'Simulated_1';
  return {
    ...estate,
    addressSpace: ['10.0.0.0/16'],
    subnet: { ...estate.subnet, routeTable: 'bends' },
    routeTables: [
      {
        name: 'bends',
        routes: [
          { name: 'by-firewall', prefix: '10.0.1.100/32', hop: 'VirtualAppliance', hopAddress: '10.0.9.4' },
          { name: 'dropped', prefix: '10.0.1.21/32', hop: 'None' },
        ],
      },
    ],
    securityGroups: [
      {
        name: 'leaving',
        rules: [
          {
            ...{ name: 'no-mirrors', priority: 300, direction: 'Outbound', access: 'Deny', protocol: 'Tcp' },
            ...{ destination: '10.0.1.0/24', port: '1972-1973' },
          },
        ],
      },
      {
        name: 'allow-list',
        rules: [
          { name: 'members', priority: 200, direction: 'Inbound', access: 'Allow', source: '10.0.1.10' },
          { name: 'nobody-else', priority: 4096, direction: 'Inbound', access: 'Deny' },
        ],
      },
    ],
  };
}

const GROUP_ID = `/subscriptions/${articleEstate().subscriptionId}/resourceGroups/healthshare-rg`;

test('what Azure has in the way: each thing once, with its rule or resource, in every output', async (t) => {
  const { arm } = await withArm(t, {}, beset());
  arm.lock(`${GROUP_ID}/providers/Microsoft.Compute/virtualMachines/hs-b`, 'ReadOnly');
  arm.lock(`${GROUP_ID}/providers/Microsoft.Network/loadBalancers/healthshare-ilb`, 'ReadOnly');
  arm.lock(GROUP_ID, 'CanNotDelete');
  const { code, report } = await json(arm);
  t.is(code, 2);
  const network = `${GROUP_ID}/providers/Microsoft.Network`;
  const compute = `${GROUP_ID.replace('healthshare-rg', 'HEALTHSHARE-RG')}/providers/Microsoft.Compute`;
  const at = (finding: string) => report.findings.filter(({ code: own }) => own === finding);
  const ids = (finding: string) => [...new Set(at(finding).map(({ id }) => id))];
  const vms = (finding: string) => [...new Set(at(finding).flatMap(({ paths }) => paths.map(({ vm }) => vm)))].sort();
  for (const [finding, id, who] of [
    [
      'SECURITY_RULE_ENDS',
      [
        `${network}/networkSecurityGroups/allow-list/securityRules/nobody-else`,
        `${network}/networkSecurityGroups/leaving/securityRules/no-mirrors`,
      ],
      ['hs-a', 'hs-b'],
    ],
    ['SECURITY_RULE_ENDS_PROBE', [`${network}/networkSecurityGroups/allow-list/securityRules/nobody-else`], ['hs-b']],
    ['ROUTE_BENDS', [`${network}/routeTables/bends/routes/by-firewall`], ['hs-a', 'hs-b']],
    ['ROUTE_ENDS', [`${network}/routeTables/bends/routes/dropped`], ['hs-b']],
    ['IP_FORWARDING', [`${network}/networkInterfaces/hs-a-nic2`], ['hs-a']],
    ['SIZE_TAKES_NO_NIC', [`${compute}/virtualMachines/hs-c`], ['hs-c']],
    ['EXTENSIONS_FORBIDDEN', [`${compute}/virtualMachines/hs-a`], ['hs-a']],
    ['AGENT_TOO_OLD', [`${compute}/virtualMachines/hs-a`], ['hs-a']],
    ['AGENT_NOT_INSTALLED', [`${compute}/virtualMachines/hs-b`], ['hs-b']],
  ] as const) {
    t.deepEqual(ids(finding).sort(), [...id], finding);
    t.deepEqual(vms(finding), [...who], finding);
  }
  t.deepEqual(vms('LOCK_FORBIDS_COMMANDS'), ['hs-b']);
  t.deepEqual(vms('LOCK_KEEPS_COMMANDS'), ['hs-a', 'hs-c']);
  t.deepEqual(vms('LOCK_FORBIDS_HEALTH'), ['hs-a', 'hs-b', 'hs-c']);
  t.true(report.paths.every(({ verdict }) => verdict === 'blocked'));
  t.is(report.counts.blocked, 5);
  t.deepEqual(
    report.unread.map(({ what, name }) => [what, name]),
    [['health', 'healthshare-ilb']],
    'what the lock forbids is told as not read',
  );
  const { stdout } = await assess(arm);
  t.regex(stdout, /securityRules\/nobody-else/);
  t.notRegex(stdout, /TO BE REPAIRED/);
  t.regex(stdout, /^after a failover +hs-c .* NO_SECONDARY_NIC, SIZE_TAKES_NO_NIC$/m, 'notes are no reason');
  const { stdout: csv } = await assess(arm, ['--csv']);
  t.regex(csv, /ROUTE_ENDS: The route table of /);
  const { stdout: masked } = await assess(arm, ['--mask', '--json']);
  t.deepEqual(
    (JSON.parse(masked) as Assessment).paths.map(({ findings }) => findings.map(({ code: own }) => own)),
    report.paths.map(({ findings }) => findings.map(({ code: own }) => own)),
  );
  for (const name of ['allow-list', 'nobody-else', 'leaving', 'no-mirrors', 'bends', 'by-firewall', 'dropped', 'hs-'])
    t.false(masked.includes(name), name);
  changesNothing(t, arm);
});

test('nothing in the way: fixed, exit code 0; a list that may not be read is a row with its right, exit code 3', async (t) => {
  const lists = [
    'Microsoft.Network/virtualNetworks/read',
    'Microsoft.Network/routeTables/read',
    'Microsoft.Network/networkSecurityGroups/read',
    'Microsoft.Authorization/locks/read',
    'Microsoft.Compute/virtualMachines/instanceView/read',
  ];
  const refused = new Set<string>();
  const bench = await withArm(
    t,
    { authorize: (who, action, scope) => !refused.has(action) && PERSON.authorize?.(who, action, scope) === true },
    pair(),
  );
  await applyAll(bench);
  t.is((await assess(bench.arm)).code, 0);
  for (const action of lists) refused.add(action);
  const { code, report } = await json(bench.arm);
  t.is(code, 3);
  t.is(report.counts.states.fixed, 4, 'what was seen to connect still did');
  t.deepEqual(report.unread.map(({ action }) => action).sort(), lists.toSorted());
  for (const { name, code: why, nextStep } of report.unread) {
    t.is(name, 'Subscription 0000');
    t.is(why, 'AZURE_DENIED');
    t.regex(nextStep, /^Without it .* Ask for a role with .*\/read there; Reader has it\.$/);
  }
  const without = await json(bench.arm, ['--no-preconditions']);
  t.is(without.code, 3);
  t.deepEqual(
    without.report.unread.map(({ what, code: why }) => [what, why]),
    [['securityGroups', 'NOT_ASKED']],
  );
});

test('names from Azure steer no terminal', async (t) => {
  const estate = articleEstate();
  const { arm } = await withArm(t, {}, estate);
  arm.fault({
    match: { call: 'listLoadBalancers' },
    times: 10,
    kind: {
      edit: (body) => {
        const [lb] = body.value as { properties: { loadBalancingRules: { properties: { protocol: string } }[] } }[];
        const [rule] = lb?.properties.loadBalancingRules ?? [];
        if (rule) rule.properties.protocol = 'Tcp\u001b[2J\nEXPOSED: nothing';
      },
    },
  });
  const { stdout } = await assess(arm);
  t.notRegex(stdout, ESCAPE);
  t.notRegex(stdout, /^EXPOSED: nothing/m);
});

test('--mask: no id and no name in any output', async (t) => {
  // One subscription and one load balancer are refused, so that Azure’s own words would tell names.
  const bench = await withThree(t, {
    authorize: (_, action, scope) => !(action === HEALTH && scope.includes('tri-')) && !scope.includes(THIRD),
  });
  const names = new Set<string>([APP_PRINCIPAL.clientId, APP_PRINCIPAL.principalId, 'Subscription 000']);
  for (const { resourceGroup, virtualNetwork, vms, loadBalancers } of bench.arm.estates) {
    for (const name of [resourceGroup, virtualNetwork]) names.add(name);
    for (const vm of vms) for (const name of [vm.name, ...vm.nics.map((nic) => nic.name)]) names.add(name);
    for (const lb of loadBalancers) {
      for (const { name } of [lb, ...lb.frontends, ...lb.pools, ...lb.rules, ...lb.probes]) names.add(name);
    }
  }
  // A word that a column or a sentence may hold all the same.
  names.delete('index');
  t.true(names.size > 30);
  for (const args of [
    [],
    ['--json'],
    ['--csv'],
    ['--if-lost', 'tri-a'],
    ['--resource-group', 'tri-rg', '--json'],
    ['--load-balancer', 'tri-ilb'],
    ['--from', 'tri-a', '--to', '10.0.2.100'],
    ['--from', 'tri-a', '--to', 'consent', '--json'],
    ['--from', 'tri-a', '--to', 'nowhere'],
    ['--if-lost', 'hs-nowhere'],
    ['--subscription', THIRD],
  ]) {
    const { code, stdout, stderr } = await assess(bench.arm, ['--mask', ...args]);
    t.true(code === 2 || (code === 1 && stdout === ''), args.join(' '));
    for (const name of names) {
      for (const output of [stdout, stderr]) {
        t.false(output.toLowerCase().includes(name.toLowerCase()), `${args.join(' ')}: ${name} in ${output}`);
      }
    }
  }
});

test('a reader that has had enough: quiet, and the code stays', async (t) => {
  const { arm } = await withArm(t);
  const { stdout, stderr } = await shell(arm, 'set -o pipefail; $assess --json | head -c 10; echo " $?"');
  t.is(stderr, '');
  t.regex(stdout, /^\{\n {2}"schem 2\n$/);
  const gone = await shell(arm, '$assess --json > >(exec true); echo $?');
  t.is(gone.stderr, '');
  t.is(gone.stdout, '2\n');
});

for (const [what, signal, code] of [
  ['Ctrl-C', 'SIGINT', 130],
  ['a shutdown', 'SIGTERM', 143],
] as const) {
  test(`${what} while it reads: quiet, at once, ${code}`, async (t) => {
    const { arm } = await withArm(t);
    const slow = arm.fault({ match: { call: 'listNics' }, times: 10, kind: { slowMs: 600_000 } });
    const { exitCode, output } = await interrupted(arm, signal, () => slow.hits > 0);
    t.is(exitCode, code);
    t.is(output, '');
  });
}

async function interrupted(
  arm: Arm,
  signal: NodeJS.Signals,
  isReading: () => boolean,
): Promise<{ exitCode: number | null; output: string }> {
  const main = new URL('../../cli/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, 'assess'], { env: signedIn(arm), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await until(
    () => `a list under way: ${output}`,
    async () => isReading(),
    60_000,
    50,
  );
  child.kill(signal);
  return { exitCode: await ended, output };
}

testNeeding(['script'])('on a terminal: progress on stderr, colours', async (t) => {
  const { arm } = await withArm(t);
  const { stdout } = await shell(arm, 'script -qec "$assess" /dev/null < /dev/null');
  t.regex(stdout, /Reading: .*rule health \d of 2/);
  t.regex(stdout, new RegExp(`${ESCAPE.source}\\[31m.*EXPOSED`));
  // Progress alone on the terminal: what is written to a file holds none of it.
  const file = await shell(arm, 'script -qec "$assess 2>/dev/tty >/dev/null" /dev/null < /dev/null');
  t.regex(file.stdout, /Reading: /);
  t.notRegex(file.stdout, /EXPOSED/);
});

test('10,000 VMs: list calls within 1.05 of the pages', async (t) => {
  const estate = manyPairs(10_000);
  const { arm } = await withArm(t, { throttle: false }, estate);
  const { code, report } = await json(arm, ['--no-health', '--no-reports']);
  t.is(code, 3 as number, 'nothing was asked that would decide');
  t.is(report.counts.vms, 10_000);
  const [single, lists] = [true, false].map((isOne) =>
    arm.calls.filter(
      ({ path, action }) =>
        action !== 'Microsoft.Resources/subscriptions/read' && path.includes('/resourceGroups/') === isOne,
    ),
  );
  const pages = (items: number) => Math.ceil(items / 100);
  // VMs, their status, NICs and load balancers; the network, and the lists of groups, route tables and locks, empty here.
  const least = 2 * pages(10_000) + pages(20_000) + pages(estate.loadBalancers.length) + 4;
  t.true((lists?.length ?? Infinity) <= 1.05 * least, `${lists?.length} calls for ${least} pages`);
  t.is(single?.length, 200, 'VMs whose agent is asked for, and no more');
});
