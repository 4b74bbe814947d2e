/** The app at its start: what runs, what loads, and what a wrong setting does. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { build } from '../../build.ts';
import { startHost } from '../../simulator/host/host.ts';

const ID = '00000000-0000-0000-0000-000000000000';
/** Nobody listens there: a start must not need the storage to tell what is wrong. */
const NOWHERE = 'http://127.0.0.1:9/devstoreaccount1';
const GOOD: Record<string, string> = {
  AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;QueueEndpoint=${NOWHERE};TableEndpoint=${NOWHERE}`,
  HAIRPIN_SUBSCRIPTIONS: ID,
  HAIRPIN_SWEEP_SCHEDULE: '0 7 * * * *',
  HAIRPIN_WATCH_SCHEDULE: '30 * * * * *',
};
let appFolder: string;

test.before(async () => {
  appFolder = await mkdtemp(join(tmpdir(), 'functions-index-'));
  await build({ outFolder: appFolder });
});
test.after.always(() => rm(appFolder, { recursive: true, force: true }));

const start = (settings: Record<string, string>) => startHost({ appFolder, port: 0, settings });

test.serial('nine functions, each by its trigger, with the settings of the sample', async (t) => {
  const sample = JSON.parse(await readFile('local.settings.sample.json', 'utf8')).Values;
  const host = await start({ ...sample, AzureWebJobsStorage: GOOD.AzureWebJobsStorage });
  t.teardown(() => host.kill());
  const triggers = host.summaries.map(({ name, trigger, detail }) => `${name} ${trigger} ${detail}`);
  t.deepEqual(triggers.sort(), [
    `complianceSweep timer ${sample.HAIRPIN_SWEEP_SCHEDULE}`,
    'deadLetter queue reconcile-poison',
    'mirrorFailover eventGrid /runtime/webhooks/eventgrid?functionName=mirrorFailover',
    `primaryWatch timer ${sample.HAIRPIN_WATCH_SCHEDULE}`,
    'reconcile queue reconcile',
    'resourceChange eventGrid /runtime/webhooks/eventgrid?functionName=resourceChange',
    'retry http /api/runs/{id}/retry',
    'runs http /api/runs/{id?}',
    'startRun http /api/runs/{id?}',
  ]);
});

for (const [name, value, expected, example] of [
  ['HAIRPIN_SUBSCRIPTIONS', undefined, 'is missing: subscription ids', `HAIRPIN_SUBSCRIPTIONS=${ID}`],
  ['HAIRPIN_SUBSCRIPTIONS', 'production', 'is "production": subscription ids', `HAIRPIN_SUBSCRIPTIONS=${ID}`],
  ['HAIRPIN_SCOPE', 'healthshare', 'is "healthshare": ids of', `HAIRPIN_SCOPE=/subscriptions/${ID}/resourceGroups/`],
  ['HAIRPIN_ENFORCEMENT', 'on', 'is "on": one of enforce, audit', 'HAIRPIN_ENFORCEMENT=enforce'],
  ['HAIRPIN_MAX_COMMANDS', 'n/a', 'is "n/a": a whole number from 1', 'HAIRPIN_MAX_COMMANDS=10'],
  ['HAIRPIN_CHANGE_WINDOW', '10pm', 'is "10pm": two times of day', 'HAIRPIN_CHANGE_WINDOW=22:00-04:30'],
] as const) {
  test.serial(`${name}=${value}: the app does not start, and says what, why and how it should be`, async (t) => {
    const { [name]: _, ...rest } = GOOD;
    const error = await t.throwsAsync(start({ ...rest, ...(value === undefined ? {} : { [name]: value }) }));
    const [line = ''] = (error?.message ?? '').split('\n');
    t.true(line.includes(`Setting ${name} ${expected}`), line);
    t.true(line.includes(`for example ${example}`), line);
  });
}

test.serial('a schedule that is missing is told by its setting’s name', async (t) => {
  const { HAIRPIN_WATCH_SCHEDULE: _, ...rest } = GOOD;
  await t.throwsAsync(start(rest), { message: /%HAIRPIN_WATCH_SCHEDULE%.*no app setting HAIRPIN_WATCH_SCHEDULE/ });
});
