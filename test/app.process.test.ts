/** What a request loads: Azure's SDKs only where it needs them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9/devstoreaccount1';
const ENV = {
  AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;QueueEndpoint=${NOWHERE};TableEndpoint=${NOWHERE}`,
  HAIRPIN_SUBSCRIPTIONS: '00000000-0000-0000-0000-000000000000',
  HAIRPIN_SWEEP_SCHEDULE: '0 7 * * * *',
  HAIRPIN_WATCH_SCHEDULE: '30 * * * * *',
};

/** The packages that one call of shared/app.ts loads. */
async function packagesOf(call: string): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module';
    const packages = new Set();
    registerHooks({
      load(url, context, next) {
        const name = /.*node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url)?.[1];
        if (name) packages.add(name);
        return next(url, context);
      },
    });
    const app = await import('./shared/app.ts');
    await app.${call}.catch((error) => console.error(error.message));
    console.log(JSON.stringify([...packages]));
    process.exit();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, ...ENV },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

const azure = (packages: readonly string[]): string[] => packages.filter((name) => name.startsWith('@azure/')).sort();

test('the description of the API: no SDK at all', async (t) => {
  const packages = await packagesOf('viewOpenApi()');
  t.true(packages.includes('csv-stringify'), 'loading was seen');
  t.deepEqual(azure(packages), []);
});

test('runs and health: the storage’s, and neither Azure Resource Manager’s nor a sign-in', async (t) => {
  const calls = ['pageOfRuns({ limit: 1 })', 'viewHealth()'];
  for (const packages of await Promise.all(calls.map(packagesOf))) {
    const found = azure(packages);
    t.true(found.includes('@azure/data-tables'));
    t.deepEqual(
      found.filter((name) => name.includes('arm-') || name === '@azure/identity'),
      [],
    );
  }
});

test('compliance: the lists’ too', async (t) => {
  const found = azure(await packagesOf("viewCompliance('json')"));
  for (const name of ['@azure/arm-compute', '@azure/arm-network', '@azure/data-tables'])
    t.true(found.includes(name), name);
});
