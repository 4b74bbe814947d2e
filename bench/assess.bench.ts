/**
 * `assess` over 10,000 VMs, as a person runs it: the packed command in a process of its own, by the clock from its start
 * to its last byte, over the simulated Resource Manager in another process that answers each call 20 ms late. Beside it
 * what one GET per resource would take.
 *
 * Rule health is left out: it takes Azure ten seconds and more for each question, and no program makes that shorter. How
 * many items a page has, Azure documents nowhere: 100 is what the simulator has by default, and makers of its SDKs speak
 * of 200 (Azure/azure-sdk-for-java#31382).
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { BUNDLING } from '../build.ts';
import { createClients } from '../shared/azure/clients.ts';
import { get, NETWORK_VERSION, urlOf } from '../shared/azure/get.ts';
import { inBatches } from '../shared/model/batches.ts';
import type { Assessment } from '../shared/views/assessment.ts';
import type { ArmCalls, ArmOrder, ArmReady } from './assess/arm.child.ts';
import { type BenchRow, median, row } from './rows.ts';

const VMS = 10_000;
const LATENCY_MS = 20;
const TARGET_MS = 5000;
const ROUNDS = 3;
/** GETs that are measured to tell what one per resource would take, and how many are made at a time. */
const SAMPLE = { calls: 400, width: 10 };

/** Measures with pages of 100 and of 200. */
export async function bench(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hairpin-bench-'));
  try {
    const main = await packed(folder);
    return [...(await overPages(main, 200)), ...(await overPages(main, 100))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The command as the package has it. */
async function packed(folder: string): Promise<string> {
  const entry = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
  await esbuild.build({ ...BUNDLING, entryPoints: { main: entry }, outdir: folder, minify: true, logLevel: 'error' });
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  return join(folder, 'main.js');
}

async function overPages(main: string, pageSize: number): Promise<BenchRow[]> {
  const child = fork(fileURLToPath(new URL('assess/arm.child.ts', import.meta.url)));
  child.send({ vms: VMS, pageSize, latencyMs: LATENCY_MS } satisfies ArmOrder);
  const [ready] = (await once(child, 'message')) as [ArmReady];
  try {
    const name = `${VMS.toLocaleString('en')} VMs, ${LATENCY_MS} ms, pages of ${pageSize}`;
    const rounds: Run[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await run(main, ready, child));
    const [{ calls } = { calls: { lists: 0, single: 0 } }] = rounds;
    const pages = (items: number) => Math.ceil(items / pageSize);
    const least = 2 * pages(VMS) + pages(2 * VMS) + pages(VMS / 200) + 5;
    const each = await eachAlone(ready);
    return [
      row(`${name}: whole command, without rule health`, median(rounds.map(({ ms }) => ms)), 'ms', TARGET_MS),
      row(`${name}: its processor time`, median(rounds.map(({ cpu }) => cpu)), 'ms'),
      row(`${name}: list calls for each page`, calls.lists / least, 'x', 1.05),
      row(`${name}: reads of single VMs (last command, agent)`, calls.single, 'calls'),
      row(`${name}: one GET per resource, estimated from ${SAMPLE.calls}`, each, 'ms'),
    ];
  } finally {
    child.send('end');
  }
}

interface Run {
  ms: number;
  /** Processor time of the process, milliseconds. */
  cpu: number;
  calls: ArmCalls;
}

/** One run of the command. Throws when it did not see the whole estate. */
async function run(main: string, { env, endpoint }: ArmReady, arm: ChildProcess): Promise<Run> {
  const began = performance.now();
  const child = spawn(
    '/bin/bash',
    ['-c', `TIMEFORMAT='%U %S'; time "$0" "$@"`, process.execPath, main, 'assess', '--json', '--no-health'],
    {
      env: {
        ...env,
        AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
        HAIRPIN_ARM_ENDPOINT: endpoint,
        HAIRPIN_ARM_AUDIENCE: endpoint,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  const ms = performance.now() - began;
  const report = stdout === '' ? undefined : (JSON.parse(stdout) as Assessment);
  if (report?.counts.vms !== VMS) throw new Error(`assess saw ${report?.counts.vms} VMs. ${stderr}`);
  const [user = 0, system = 0] = stderr.trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  arm.send('calls');
  const [calls] = (await once(arm, 'message')) as [ArmCalls];
  return { ms, cpu: 1000 * (user + system), calls };
}

/** What a GET for each VM, each VM's status and each NIC would take, from a sample of NICs, milliseconds. */
async function eachAlone({ endpoint, ca, token, subscriptionId }: ArmReady): Promise<number> {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ca]);
  const clients = createClients({
    credential: { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
    endpoint,
    audience: endpoint,
  });
  const client = await clients.network(subscriptionId);
  const group = ['subscriptions', subscriptionId, 'resourceGroups', 'healthshare-rg', 'providers'];
  const one = async (vm: number): Promise<void> => {
    const names = [...group, 'Microsoft.Network', 'networkInterfaces', `vm${vm}-0`];
    await get(client, urlOf(endpoint, names, `api-version=${NETWORK_VERSION}`), AbortSignal.timeout(60_000));
  };
  const numbers = Array.from({ length: SAMPLE.calls }, (_, index) => index);
  await inBatches(numbers.slice(0, SAMPLE.width), SAMPLE.width, one);
  const began = performance.now();
  await inBatches(numbers, SAMPLE.width, one);
  return ((performance.now() - began) / SAMPLE.calls) * 4 * VMS;
}
