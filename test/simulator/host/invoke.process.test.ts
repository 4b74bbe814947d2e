import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Host, startHost } from '../../../simulator/host/host.ts';
import { until } from '../../../simulator/until.ts';

let folder: string;
let host: Host;

/** Registers hooks of every kind, and a function that tells what reached it. */
const APP = `
  import { createRequire } from 'node:module';
  const { app } = createRequire(${JSON.stringify(import.meta.url)})('@azure/functions');
  const order = [];
  app.hook.preInvocation((context) => {
    order.push('pre');
    context.hookData.seen = 1;
    if (context.invocationContext.functionName === 'replaced') context.functionHandler = () => ({ body: 'other handler' });
  });
  app.hook.postInvocation((context) => {
    order.push('post' + context.hookData.seen);
    if (context.invocationContext.functionName === 'saved') {
      context.error = null;
      context.result = { body: 'saved from ' + context.inputs[0].method };
    }
  });
  app.hook.log((context) => {
    context.message = context.message.replace('secret', '***');
  });
  app.http('plain', { handler: (request, context) => {
    order.push('run');
    context.warn('a secret');
    return { body: order.join() };
  } });
  app.http('replaced', { handler: () => ({ body: 'own handler' }) });
  app.http('saved', { handler: () => { throw new Error('lost'); } });
  app.http('late', { handler: (request, context) => {
    setTimeout(() => context.log('after the end'), 50);
    return { body: '' };
  } });
`;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hooks-'));
  await writeFile(join(folder, 'package.json'), '{"main": "*.mjs"}');
  await writeFile(join(folder, 'host.json'), '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}');
  await writeFile(join(folder, 'app.mjs'), APP);
  host = await startHost({ appFolder: folder, port: 0, settings: {} });
});
test.after.always(async () => {
  await host?.kill();
  await rm(folder, { recursive: true, force: true });
});

const get = async (name: string): Promise<string> => (await fetch(`${host.url}/${name}`)).text();

test.serial('hooks run around the function and share their data', async (t) => {
  t.is(await get('plain'), 'pre,run');
  t.is(await get('plain'), 'pre,run,post1,pre,run');
});

test.serial('a log hook changes the line', (t) => {
  const line = host.logs.find(({ function: name }) => name === 'plain');
  t.like(line, { message: 'a ***', level: 'warning', category: 'user' });
});

test.serial('a hook before may put another handler in place, one after may mend the result', async (t) => {
  t.is(await get('replaced'), 'other handler');
  t.is(await get('saved'), 'saved from GET');
});

test.serial('logging after the end is warned about, as the library does', async (t) => {
  await get('late');
  const warned = () =>
    host.logs.some(({ message, category }) => category === 'system' && message.includes("Unexpected call to 'log'"));
  await until('the warning', warned);
  t.pass();
});
