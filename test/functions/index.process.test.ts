/** The app at its start: what runs, what loads, and what a wrong setting does. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { build } from '../../build.ts';
import { LEAST_NODE } from '../../shared/runtime.ts';
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
const PRETEND = `
  Object.defineProperty(process.versions, 'node', { value: '20.0.0' });
  delete Map.groupBy;
`;
let appFolder: string;

test.before(async () => {
  appFolder = await mkdtemp(join(tmpdir(), 'functions-index-'));
  await build({ outFolder: appFolder });
});
test.after.always(() => rm(appFolder, { recursive: true, force: true }));

const start = (settings: Record<string, string>) => startHost({ appFolder, port: 0, settings });

test.serial('every function, each by its trigger, with the settings of the sample', async (t) => {
  const sample = JSON.parse(await readFile('local.settings.sample.json', 'utf8')).Values;
  const host = await start({ ...sample, AzureWebJobsStorage: GOOD.AzureWebJobsStorage });
  t.teardown(() => host.kill());
  const triggers = host.summaries.map(({ name, trigger, detail }) => `${name} ${trigger} ${detail}`);
  t.deepEqual(triggers.sort(), [
    'cancelRun http /api/runs/{id}',
    'compliance http /api/compliance',
    `complianceSweep timer ${sample.HAIRPIN_SWEEP_SCHEDULE}`,
    'dashboard http /api/dashboard',
    'deadLetter queue reconcile-poison',
    'estate http /api/estate',
    'forecast http /api/forecast',
    'health http /api/health',
    'mirrorFailover eventGrid /runtime/webhooks/eventgrid?functionName=mirrorFailover',
    'openapi http /api/openapi.json',
    'paths http /api/paths',
    `primaryWatch timer ${sample.HAIRPIN_WATCH_SCHEDULE}`,
    'reconcile queue reconcile',
    'resourceChange eventGrid /runtime/webhooks/eventgrid?functionName=resourceChange',
    'retry http /api/runs/{id}/retry',
    'runs http /api/runs/{id?}',
    'startRun http /api/runs/{id?}',
  ]);
});

/** Versions of Node to start by: this one said to be older, and any older one of this machine. */
const OLDER: [title: string, command: string, args: string[], version: RegExp][] = [
  [
    'a Node that says it is 20 and lacks Map.groupBy',
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(PRETEND)}`],
    /20\.0\.0/,
  ],
];
for (const command of ['/usr/bin/node', '/usr/local/bin/node']) {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  const version = /^v(\d+)\.\d+\.\d+/.exec(stdout ?? '');
  if (version && Number(version[1]) < LEAST_NODE) {
    OLDER.push([`${command} ${version[0]}`, command, [], new RegExp(`Node ${version[0].slice(1)}:`)]);
  }
}
for (const [title, command, args, version] of OLDER) {
  test.serial(`${title}: one sentence that names the Node that is needed`, (t) => {
    const load = `import(${JSON.stringify(pathToFileURL(join(appFolder, 'index.js')).href)}).then(
      () => console.log('loaded'), (error) => console.log(error.message))`;
    const { stdout } = spawnSync(command, [...args, '--eval', load], {
      encoding: 'utf8',
      env: { ...process.env, ...GOOD },
    });
    const said = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('WARNING: '));
    t.is(said.length, 1, stdout);
    t.regex(
      said[0] ?? '',
      /^This app needs Node 22 or later and was started by Node .*: set .* to 22\. \(version \d+\.\d+\.\d+, commit [^)]+\)$/,
    );
    t.regex(said[0] ?? '', version);
  });
}

test('package.json and README ask for the Node that the app asks for', async (t) => {
  const { engines } = JSON.parse(await readFile('package.json', 'utf8'));
  t.is(engines.node, `>=${LEAST_NODE}`);
  const readme = await readFile('README.md', 'utf8');
  t.deepEqual([...new Set(readme.match(/Node \d+ or later/g))], [`Node ${LEAST_NODE} or later`]);
});

for (const [name, value, expected, example] of [
  ['HAIRPIN_SUBSCRIPTIONS', undefined, 'is missing: subscription ids', `HAIRPIN_SUBSCRIPTIONS=${ID}`],
  ['HAIRPIN_SUBSCRIPTIONS', 'production', 'is "production": subscription ids', `HAIRPIN_SUBSCRIPTIONS=${ID}`],
  ['HAIRPIN_SCOPE', 'healthshare', 'is "healthshare": ids of', `HAIRPIN_SCOPE=/subscriptions/${ID}/resourceGroups/`],
  ['HAIRPIN_ENFORCEMENT', 'on', 'is "on": one of enforce, audit', 'HAIRPIN_ENFORCEMENT=audit'],
  ['HAIRPIN_MAX_COMMANDS', 'n/a', 'is "n/a": a whole number from 1', 'HAIRPIN_MAX_COMMANDS=10'],
  ['HAIRPIN_WATCH_SCHEDULE', undefined, 'is missing: an NCRONTAB', 'HAIRPIN_WATCH_SCHEDULE=30 * * * * *'],
  ['HAIRPIN_SWEEP_SCHEDULE', undefined, 'is missing: an NCRONTAB', 'HAIRPIN_SWEEP_SCHEDULE=0 7 * * * *'],
  ['HAIRPIN_SWEEP_SCHEDULE', '0 7 25 * * *', 'is "0 7 25 * * *": an NCRONTAB', 'HAIRPIN_SWEEP_SCHEDULE=0 7 * * * *'],
  ['HAIRPIN_CHANGE_WINDOW', '10pm', 'is "10pm": two times of day', 'HAIRPIN_CHANGE_WINDOW=22:00-04:30'],
] as const) {
  test.serial(`${name}=${value}: the app does not start, and says what, why and how it should be`, async (t) => {
    const { [name]: _, ...rest } = GOOD;
    const error = await t.throwsAsync(start({ ...rest, ...(value === undefined ? {} : { [name]: value }) }));
    const [line = ''] = (error?.message ?? '').split('\n');
    t.true(line.includes(`Setting ${name} ${expected}`), line);
    t.true(line.includes(`for example ${example}`), line);
    t.regex(line, /\(version \d+\.\d+\.\d+, commit ([0-9a-f]{12}(\+changed)?|unknown)\)/);
  });
}
