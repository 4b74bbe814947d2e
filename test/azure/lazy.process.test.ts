import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const FOLDER = new URL('../../shared/azure/', import.meta.url);

/** Imports one module in a process of its own and tells which packages of Azure it resolved. */
async function packagesOf(module: string, then = ''): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module';
    const seen = new Set();
    registerHooks({ resolve(name, context, next) {
      const found = /^@azure\\/[\\w-]+/.exec(name);
      if (found) seen.add(found[0]);
      return next(name, context);
    } });
    const loaded = await import(${JSON.stringify(new URL(module, FOLDER).href)});
    ${then}
    console.log(JSON.stringify([...seen]));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
  return JSON.parse(stdout);
}

for (const module of readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))) {
  test(`importing ${module} loads no SDK`, async (t) => {
    t.deepEqual(await packagesOf(module), []);
  });
}

test('opening Azure loads none either, the first use does', async (t) => {
  const open = `const azure = loaded.openAzure({ endpoint: 'https://127.0.0.1:1', audience: 'https://management.azure.com' });`;
  t.deepEqual(await packagesOf('adapters.ts', open), []);
  const use = `${open} await azure.agents.read('/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm').catch(() => {});`;
  const loaded = await packagesOf('adapters.ts', use);
  t.true(loaded.includes('@azure/arm-compute'));
  t.true(loaded.includes('@azure/identity'));
  t.false(loaded.includes('@azure/arm-network'), 'only what the call needs');
});
