/** Alerts and workbook: their queries parse, name what the log has, and ring when they must, and only then. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { FIELDS, type FieldName } from '../../shared/model/logFields.ts';
import { signalMessage } from '../../shared/model/messages.ts';
import { STEPS, type Step } from '../../shared/model/steps.ts';
import { markFailed } from '../../shared/reconcile/deadLetter.ts';
import { deployed } from '../../simulator/deployment.ts';
import { type Row, runQuery } from '../helpers/kusto.ts';
import { complaints } from '../helpers/kustoSyntax.ts';
import { articleWorld, refusal, type World } from '../helpers/world.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'infra', 'queries');
const files = readdirSync(FOLDER).sort();
const queryOf = (name: string): string => readFileSync(join(FOLDER, `${name}.kql`), 'utf8');
const ALERTS = files.filter((file) => !file.startsWith('workbook-')).map((file) => file.replace('.kql', ''));
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const fieldsOf = (query: string): string[] => [...query.matchAll(/\bline\.(\w+)/g)].map(([, name]) => name ?? '');
const stepsOf = (query: string): string[] =>
  [...query.matchAll(/(?:\bstep\b|line\.step\))\s*(?:==|in)\s*(\([^)]*\)|'[^']*')/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name ?? ''),
  );

for (const file of files) {
  test(`${file}: parses, and names steps and fields that the log has`, (t) => {
    const query = queryOf(file.replace('.kql', ''));
    t.deepEqual(complaints(query), []);
    const steps = stepsOf(query);
    t.true(steps.length > 0);
    t.deepEqual(
      steps.filter((step) => !Object.hasOwn(STEPS, step)),
      [],
    );
    const fields = fieldsOf(query).filter((name) => name !== 'step');
    for (const name of fields) t.true(Object.hasOwn(FIELDS, name), name);
    // Each field is in a line of at least one of the steps that the query is about.
    const had = new Set(
      steps.flatMap((step) => {
        const rule: { fields: readonly FieldName[]; optional?: readonly FieldName[] } = STEPS[step as Step];
        return [...rule.fields, ...(rule.optional ?? [])];
      }),
    );
    for (const name of fields) t.true(had.has(name as FieldName), `${name} in ${steps}`);
  });
}

test('a query that names what is not there is refused', (t) => {
  t.regex(complaints('traces | where tmestamp > ago(1h)').join(), /tmestamp/);
  t.regex(complaints('traces | wher timestamp > ago(1h)').join(), /Query operator expected/);
});

interface DeployedAlert {
  scopes: string[];
  severity: number;
  skipQueryValidation: boolean;
  windowSize: string;
  criteria: { allOf: { query: string; operator: string; threshold: number; dimensions: { name: string }[] }[] };
  actions: { actionGroups: string[] };
}

const alertsOf = (example: string): Map<string, DeployedAlert> =>
  new Map(
    deployed(example)
      .filter(({ type }) => type === 'Microsoft.Insights/scheduledQueryRules')
      .map(({ name, properties }) => [
        name.replace(/^alert-[a-z-]+-[a-z0-9]{8}-/, ''),
        properties as unknown as DeployedAlert,
      ]),
  );

test('each query for an alert is deployed, over tables that may have no rows, and names its dimensions', (t) => {
  const alerts = alertsOf('plain');
  t.deepEqual([...alerts.keys()].sort(), ALERTS);
  for (const [name, alert] of alerts) {
    const [criterion] = alert.criteria.allOf;
    t.is(criterion?.query, queryOf(name), name);
    t.true(alert.skipQueryValidation, name);
    t.true(criterion?.query.includes('union isfuzzy=true traces'), name);
    t.like(criterion, { operator: 'GreaterThan', threshold: 0 });
    const [columns = ''] = /^(\| project .*|\| summarize .*)$/gm.exec(criterion?.query ?? '')?.slice(0, 1) ?? [];
    const last = criterion?.query.match(/^\| project .*$/m)?.[0] ?? columns;
    for (const dimension of criterion?.dimensions ?? []) t.regex(last, new RegExp(`\\b${dimension.name}\\b`), name);
    t.deepEqual(alert.actions.actionGroups, []);
  }
});

test('times and action groups are parameters', (t) => {
  const alerts = alertsOf('full');
  t.regex(alerts.get('exposed')?.criteria.allOf[0]?.query ?? '', /^let minutes = 10;\nlet latentMinutes = 120;$/m);
  t.regex(alerts.get('no-sweep')?.criteria.allOf[0]?.query ?? '', /^let minutes = 125;$/m);
  for (const [name, { actions }] of alerts) t.true(actions.actionGroups[0]?.endsWith('/on-call'), name);
});

test('the workbook has every query that is made for it, under a name that is always the same', (t) => {
  for (const example of ['plain', 'full']) {
    const [workbook, ...more] = deployed(example).filter(({ type }) => type === 'Microsoft.Insights/workbooks');
    t.deepEqual(more, []);
    t.regex(workbook?.name ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const { items } = JSON.parse(String(workbook?.properties?.serializedData)) as {
      items: { content: { query: string; title: string } }[];
    };
    const made = files.filter((file) => file.startsWith('workbook-')).map((file) => queryOf(file.replace('.kql', '')));
    t.deepEqual(items.map(({ content }) => content.query).sort(), made.sort());
  }
});

/** The log as traces. */
const traces = (world: World): Row[] =>
  world.log.map(({ at, step, fields }) => ({
    timestamp: at,
    severityLevel: 1,
    message: JSON.stringify({ step, ...fields }),
  }));

/** The alerts that ring now. */
const ringing = (world: World): string[] =>
  ALERTS.filter((name) => runQuery(queryOf(name), 'traces', traces(world), world.now).length > 0);
const found = (world: World, name: string): Row[] => runQuery(queryOf(name), 'traces', traces(world), world.now);

/** So many minutes with their bells, and a sweep in each hour. Returns what rang in any of them. */
async function pass(world: World, minutes: number): Promise<string[]> {
  const rang = new Set<string>();
  for (let minute = 0; minute < minutes; minute += 1) {
    if (new Date(world.now).getUTCMinutes() === 7) world.sweep();
    else world.bell();
    await world.run(MINUTE_MS);
    world.now = Math.max(world.now, Math.ceil((world.now + 1) / MINUTE_MS) * MINUTE_MS);
    if (minute % 5 === 4) for (const name of ringing(world)) rang.add(name);
  }
  return [...rang].sort();
}

/** An estate in which all is well, after its first hours. */
async function calm(settings = {}): Promise<World> {
  const world = articleWorld(settings);
  await pass(world, 125);
  world.log.push({ at: world.now, level: 'info', step: 'lease-lost', fields: { subscriptionId: 'x' } });
  return world;
}

test('while all is well nothing rings, and before the first sweep the one that says so', async (t) => {
  const world = articleWorld();
  t.deepEqual(ringing(world), ['no-sweep']);
  await pass(world, 20);
  t.deepEqual(ringing(world), []);
  t.deepEqual(await pass(world, 150), []);
});

test('a failover that is repaired in its time rings for nobody', async (t) => {
  const world = await calm();
  world.failover('pi', 'hs-b');
  t.deepEqual(await pass(world, 60), []);
  t.deepEqual(
    found(world, 'workbook-failover').map(({ signal }) => signal),
    ['failover'],
  );
});

test('a path that stays exposed rings after its minutes, and no more once it is repaired', async (t) => {
  const world = await calm();
  world.oneNic.add('hs-a');
  t.deepEqual(await pass(world, 60), ['exposed']);
  const rows = found(world, 'exposed');
  t.deepEqual(rows.map(({ vip, exposure }) => `${vip} ${exposure}`).sort(), ['10.0.1.100 active', '10.0.1.101 active']);
  t.true(rows.every(({ since, timestamp }) => Number(timestamp) - Number(since) >= 0));
  t.deepEqual(
    found(world, 'workbook-person')
      .map(({ vip }) => vip)
      .sort(),
    ['10.0.1.100', '10.0.1.101'],
  );
  world.oneNic.clear();
  await pass(world, 65);
  t.deepEqual(ringing(world), []);
});

test('one that a failover would expose rings later, by a time of its own', async (t) => {
  const world = await calm({ enforcement: 'audit' });
  t.false((await pass(world, 10)).includes('none'));
  const rows = found(world, 'exposed');
  t.deepEqual([...new Set(rows.map(({ exposure }) => exposure))], ['active']);
  const sooner = queryOf('exposed').replace('let latentMinutes = 1500;', 'let latentMinutes = 60;');
  const exposures = runQuery(sooner, 'traces', traces(world), world.now).map(({ exposure }) => exposure);
  t.deepEqual([...new Set(exposures)].sort(), ['active', 'latent']);
});

test('a command that fails: the run and the halted rollout ring', async (t) => {
  const world = await calm();
  world.guests.set('hs-b', 'silent');
  world.manual('apply', 'hs-b');
  const rang = await pass(world, 15);
  t.true(rang.includes('run-failed'), rang.join());
  t.true(rang.includes('halted'), rang.join());
  t.false(rang.includes('dead-letter'));
  const failed = found(world, 'run-failed').map((row) => row.failed);
  t.true(failed.length > 0 && failed.every((count) => count === 1));
});

test('an Azure that refuses rings while it does: its words, the runs that fail for it, and the sweeps that are missing', async (t) => {
  const world = await calm();
  world.topologyFault = refusal(403);
  t.deepEqual(await pass(world, 12), ['azure-refuses']);
  t.like(found(world, 'azure-refuses')[0], { azureCode: 'Test' });
  const rang = await pass(world, 180);
  t.deepEqual(rang, ['azure-refuses', 'no-sweep', 'run-failed']);
  world.topologyFault = undefined;
  await pass(world, 90);
  t.deepEqual(ringing(world), []);
});

test('a signal that the app gave up on rings', async (t) => {
  const world = await calm();
  const signal = world.signal('manual', [{ kind: 'vm', id: world.vmId('hs-a') }]);
  const message = signalMessage(signal) as Parameters<typeof markFailed>[1];
  await markFailed(world.store, message, 'five times', world.now);
  const { runId, subscriptionId } = signal;
  world.log.push({
    at: world.now,
    level: 'error',
    step: 'dead-letter',
    fields: { runId, signal: 'manual', subscriptionId },
  });
  t.deepEqual(ringing(world), ['dead-letter']);
  world.now += 20 * MINUTE_MS;
  t.deepEqual(ringing(world), []);
});

test('no sweep in two intervals rings, whatever else goes on', async (t) => {
  const world = await calm();
  for (let minute = 0; minute < 140; minute += 1) {
    world.bell();
    await world.run(MINUTE_MS);
    world.now = Math.max(world.now, Math.ceil((world.now + 1) / MINUTE_MS) * MINUTE_MS);
  }
  t.deepEqual(ringing(world), ['no-sweep']);
});

test('the workbook tells exposure over time, the age of proofs, runs and findings', async (t) => {
  const world = await calm();
  world.oneNic.add('hs-b');
  await pass(world, 65);
  const ages = found(world, 'workbook-proof-age');
  t.deepEqual(
    ages.map(({ vmId }) => String(vmId).split('/').at(-1)),
    ['hs-b', 'hs-a'],
  );
  t.true(Number(ages[0]?.hours) > 1 && Number(ages[0]?.hours) < 4);
  t.true(found(world, 'workbook-findings').some(({ finding, vms }) => finding === 'NO_SECONDARY_NIC' && vms === 1));
  t.true(
    found(world, 'workbook-exposure').every(
      ({ timestamp, paths }) => Number(timestamp) % HOUR_MS === 0 && Number(paths) > 0,
    ),
  );
  const runs = found(world, 'workbook-runs');
  t.true(
    runs.some(({ signal, runs: count, commands }) => signal === 'sweep' && Number(count) >= 3 && Number(commands) >= 2),
  );
});
