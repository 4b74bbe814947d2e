/**
 * Azure Storage on this machine: Microsoft's emulator Azurite as a child process on free loopback ports.
 * It ends with its parent, however that ends. Blobs come with it (Azurite's one program starts all three services).
 *
 * What differs from Azure Storage: plain http and a well-known account key, no tokens; any API version is answered;
 * no redundancy, throttling or limits; see Azurite's own list in its README.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import getPort from 'get-port';
import { GuardError } from '../../shared/errors.ts';
import { removeDeadFolders, temporaryFolder } from './temporary.ts';

/** Azurite's account, the same on every machine and in its documentation: not a secret. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const START_LIMIT_MS = 180_000;
const ATTEMPTS = 5;
/** Ctrl+C in a terminal then reaches the parent alone, which ends its children in order. */
const OWN_GROUP = process.platform !== 'win32';

export interface AzuriteOptions {
  /** Keeps queues and tables in this folder, so that a later start finds them. Default: in memory only. */
  persist?: string;
}

export interface Azurite {
  connectionString: string;
  queueUrl: string;
  tableUrl: string;
  pid: number;
  /** Ends the process and waits for its end. */
  stop(): Promise<void>;
}

/** Starts Azurite and waits until its services answer (about a second). Throws after five lost races for ports. */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  await removeDeadFolders();
  const folder = options.persist ?? (await temporaryFolder('azurite'));
  await mkdir(folder, { recursive: true });
  let output = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // They are only free now: another program can be faster, and then others are tried.
    const [blob, queue, table] = await Promise.all([freePort(), freePort(), freePort()]);
    const ports = { blob, queue, table };
    const child = spawnAzurite(folder, options.persist === undefined, ports);
    const started = await untilListening(child);
    if (started.ok) return handle(child, ports, options.persist ? undefined : folder);
    output = started.output;
    await ended(child);
    // Anything but a lost race for a port fails the same way again.
    if (!output.includes('EADDRINUSE')) break;
  }
  throw new GuardError('STATE_FAILED', `Azurite did not start: ${output.trim().slice(-500)}`, 'Look at its output.');
}

type Ports = Record<'blob' | 'queue' | 'table', number>;

/** On loopback, and not given to anybody else in this process. */
const freePort = (): Promise<number> => getPort({ host: '127.0.0.1' });

function spawnAzurite(folder: string, inMemory: boolean, ports: Ports): ChildProcess {
  const services = (['blob', 'queue', 'table'] as const).flatMap((service) => [
    `--${service}Host`,
    '127.0.0.1',
    `--${service}Port`,
    String(ports[service]),
  ]);
  return fork(
    fileURLToPath(new URL('azurite.child.ts', import.meta.url)),
    [
      ...services,
      '--silent',
      '--skipApiVersionCheck',
      '--disableTelemetry',
      ...(inMemory ? ['--inMemoryPersistence'] : ['--location', folder]),
    ],
    { cwd: folder, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: OWN_GROUP },
  );
}

/** Waits for the line of the service that starts last, for the process' end, or for the time limit. */
function untilListening(child: ChildProcess): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    let output = '';
    const settle = (ok: boolean): void => {
      clearTimeout(limit);
      if (!ok) child.kill('SIGKILL');
      resolve({ ok, output });
    };
    const limit = setTimeout(() => settle(false), START_LIMIT_MS);
    const read = (chunk: Buffer): void => {
      if (output.length < 10_000) output += chunk;
      if (output.includes('Table service is successfully listening')) settle(true);
      else if (output.includes('Exit due to unhandled error')) settle(false);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => settle(false));
    child.once('error', () => settle(false));
  });
}

function handle(child: ChildProcess, { blob, queue, table }: Ports, scratch: string | undefined): Azurite {
  const url = (port: number): string => `http://127.0.0.1:${port}/${ACCOUNT}`;
  return {
    connectionString: [
      'DefaultEndpointsProtocol=http',
      `AccountName=${ACCOUNT}`,
      `AccountKey=${KEY}`,
      `BlobEndpoint=${url(blob)}`,
      `QueueEndpoint=${url(queue)}`,
      `TableEndpoint=${url(table)}`,
    ].join(';'),
    queueUrl: url(queue),
    tableUrl: url(table),
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      const slow = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await ended(child);
      clearTimeout(slow);
      if (scratch) await rm(scratch, { recursive: true, force: true });
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
