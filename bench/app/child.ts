/**
 * A process that loads an app as the Functions worker does and tells how long it took, as one line of JSON. What the
 * worker itself has loaded by then is loaded before the clock starts: it talks to its host by gRPC over http2
 * (Azure/azure-functions-nodejs-worker, package.json: @grpc/grpc-js), which loads these modules of Node's.
 */
import 'node:crypto';
import 'node:events';
import 'node:http';
import 'node:http2';
import 'node:net';
import 'node:stream';
import 'node:tls';
import 'node:url';
import 'node:util';
import { subscribe } from 'node:diagnostics_channel';
import { registerHooks } from 'node:module';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { getHeapSpaceStatistics } from 'node:v8';
import { provideCore } from '../../simulator/host/core.ts';
import { createInvoker, type InvokeOptions } from '../../simulator/host/invoke.ts';
import type { ChildAnswer, ChildTask } from './task.ts';

const task = JSON.parse(process.argv[2] ?? '{}') as ChildTask;
const files = new Set<string>();
if (task.listFiles) {
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) files.add(basename(new URL(url).pathname));
      return next(url, context);
    },
  });
}

const registry = provideCore(() => {});
const invoker = createInvoker(registry, async () => 1, { log: () => {}, began: () => {}, ended: () => {} });

const main = pathToFileURL(task.main).href;
const cpu = process.cpuUsage();
const began = performance.now();
await import(main);
const loadMs = performance.now() - began;
const { user, system } = process.cpuUsage(cpu);
const answer: ChildAnswer = {
  loadMs,
  loadCpuMs: (user + system) / 1000,
  functions: registry.functions.size,
  eventMs: [],
  memory: [],
  firstRequests: {},
  files: [],
};

/** Runs a function once; milliseconds. Throws when it fails or, of an event, puts nothing on the queue. */
async function invoke(name: string, options: InvokeOptions): Promise<number> {
  const target = registry.functions.get(name);
  if (!target) throw new Error(`there is no function ${name}`);
  const start = performance.now();
  const { invocation, response } = await invoker.invoke(target, options);
  const ms = performance.now() - start;
  if (!invocation.ok) throw new Error(invocation.error);
  if (options.trigger === 'eventGrid' && !response?.returnValue) throw new Error(`${name} put nothing on the queue`);
  return ms;
}

const event = (i: number): Record<string, unknown> => ({ ...task.event, id: `event-${i}` });

if (task.memoryAfter) {
  for (let i = 1; i <= Math.max(...task.memoryAfter); i += 1) {
    const data = { json: JSON.stringify(event(i)) };
    const ms = await invoke('mirrorFailover', { trigger: 'eventGrid', data });
    if (i <= 2) answer.eventMs.push(ms);
    // Each comes in a message of its own; between them Node gets round to what it frees late.
    await new Promise((resolve) => setImmediate(resolve));
    if (!task.memoryAfter.includes(i)) continue;
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    answer.memory.push({
      events: i,
      rssMb: rss / 2 ** 20,
      heapMb: heapUsed / 2 ** 20,
      youngMb: (young?.physical_space_size ?? Number.NaN) / 2 ** 20,
    });
  }
}

if (task.message) {
  // Both of the SDKs' HTTP clients are node:http's.
  const start = performance.now();
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { request: { getHeader(name: string): unknown } };
    const host = String(request.getHeader('host'));
    answer.firstRequests[host] ??= performance.now() - start;
  });
  await invoke('reconcile', { trigger: 'queue', data: { json: JSON.stringify(task.message) } });
}

answer.files = [...files];
console.log(`\n${JSON.stringify(answer)}`);
process.exit(0);
