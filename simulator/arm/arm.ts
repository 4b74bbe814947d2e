/**
 * The simulated Azure Resource Manager: https on loopback, talked to by the real SDKs unchanged, over estates whose
 * guests are a lab's. What is not modelled answers 501 with its name.
 */

import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { Estate } from '../estate/estate.ts';
import { vmId } from '../estate/ids.ts';
import { appRoles } from './appRoles.ts';
import { makeCertificate } from './certificate.ts';
import { Changes } from './changes.ts';
import type { HealthEvent, ResourceEvent } from './events.ts';
import { type Fault, Faults, type SetFault } from './faults.ts';
import { startIdentity } from './identity.ts';
import { Operations } from './operations.ts';
import { authorizeBy } from './roles.ts';
import { RunCommands } from './runCommands.ts';
import { type CallRecord, createArmServer, type ServerParts } from './server.ts';
import type { LockLevel } from './shapes/rest.ts';
import { AZURE_LIMITS, type Limits, Throttle } from './throttle.ts';
import { APP_PRINCIPAL, type Principal, Tokens } from './tokens.ts';
import { type Site, World } from './world.ts';

export interface ArmOptions {
  /** One estate, or several with a lab each; several may share a subscription. */
  sites: Site[];
  /** Items on a list's page; default 100. */
  pageSize?: number;
  /** End-to-end time of a Run Command besides the script's own; default 20 s, as Azure takes. */
  commandMs?: number;
  /** How long a GET after a PUT shows the previous execution; default until the new one is reported. */
  staleMs?: number;
  /** How long rule health takes; default 2 s. */
  healthMs?: number;
  /** The Retry-After of rule health, seconds; default 10. */
  healthRetryAfter?: number;
  /** How long a start or stop by POST takes; default 100 ms. */
  powerMs?: number;
  /** Azure's limits by default; `false` for none. */
  throttle?: Partial<Limits> | false;
  /** The managed identities; the first is the one without client id. */
  principals?: [Principal, ...Principal[]];
  /** Roles; default: the app's identity has those that the template deploys, anybody else may do everything. */
  authorize?: ServerParts['authorize'];
  /** Token audiences that are taken besides Azure's own. */
  audiences?: string[];
  /** Port; default any free one. */
  port?: number;
  /** Gets the events that Azure would emit. */
  onEvent?: (event: ResourceEvent) => void;
  /** Gets the events about VMs' health, which are of another topic. */
  onHealthEvent?: (event: HealthEvent) => void;
  /** One line per thing that went wrong in the simulator itself; default stderr. */
  log?: (text: string) => void;
}

export interface Arm {
  /** `https://127.0.0.1:PORT`. */
  endpoint: string;
  /** The authority's certificate: the file for NODE_EXTRA_CA_CERTS, and its PEM. */
  caFile: string;
  ca: string;
  /** The server's own key and certificate, for further endpoints of the same simulated cloud. */
  tls: { key: string; cert: string };
  /** What a process needs to be the app here: IDENTITY_ENDPOINT, IDENTITY_HEADER, NODE_EXTRA_CA_CERTS. */
  env: Record<'IDENTITY_ENDPOINT' | 'IDENTITY_HEADER' | 'NODE_EXTRA_CA_CERTS', string>;
  /** The estates as they are now. */
  estates: Estate[];
  /** Changes them, with events. */
  changes: Changes;
  /** The latest calls in the order of their answers, 50,000 at most. */
  calls: CallRecord[];
  fault(fault: Fault): SetFault;
  clearFaults(): void;
  /** Locks a scope, against deletes unless said otherwise; returns its end. */
  lock(scope: string, level?: LockLevel): () => void;
  /** Lets a policy deny managed Run Commands in a scope; returns its end. */
  denyByPolicy(scope: string): () => void;
  /** Lets somebody's action Run Command hold a VM; returns its end. */
  occupy(vm: string): () => void;
  /** Writes and checks the tokens of the simulated directory, for further endpoints of the same cloud. */
  tokens: Tokens;
  /** A token of the first identity. */
  token(audience?: string): Promise<string>;
  /** A token of a person, for calls by hand. */
  personsToken(): Promise<string>;
  close(): Promise<void>;
}

/** Somebody who works in the subscription by hand. */
const PERSON: Principal = {
  clientId: '00000000-0000-0000-0000-0000000000a9',
  principalId: '00000000-0000-0000-0000-0000000000b9',
};

/** So every call of the app in every test is held against the deployed roles. */
function asDeployed(estates: Estate[]): ServerParts['authorize'] {
  const byRoles = authorizeBy(appRoles(estates));
  return (principal, action, scope) =>
    principal.principalId !== APP_PRINCIPAL.principalId || byRoles(principal, action, scope);
}

/** The call log's length. */
const MOST_CALLS = 50_000;

const AUDIENCES = ['https://management.azure.com/', 'https://management.core.windows.net/'];

/** Starts ARM and the identity endpoint. The estates are copied: change them through `changes`. */
export async function startArm(options: ArmOptions): Promise<Arm> {
  let endpoint = '';
  const world = new World(options.sites.map(({ estate, lab }) => ({ estate: structuredClone(estate), lab })));
  const faults = new Faults();
  const tokens = new Tokens();
  const operations = new Operations(() => endpoint);
  const commands = new RunCommands(
    { commandMs: options.commandMs ?? 20_000, ...(options.staleMs === undefined ? {} : { staleMs: options.staleMs }) },
    operations,
    faults,
  );
  const log = options.log ?? ((text: string) => void process.stderr.write(`arm: ${text}\n`));
  const emit = (event: ResourceEvent): void => options.onEvent?.(event);
  const changes = new Changes(world, commands, emit, (event) => options.onHealthEvent?.(event));
  const principals = options.principals ?? [APP_PRINCIPAL];
  const calls: CallRecord[] = [];
  const locks = new Map<string, LockLevel>();
  const denied = new Set<string>();
  const audiences = [...AUDIENCES, ...(options.audiences ?? [])];

  const [certificate, identity] = await Promise.all([makeCertificate(), startIdentity(tokens, principals)]);
  const server = createArmServer(certificate, {
    world,
    commands,
    operations,
    faults,
    changes,
    throttle: options.throttle === false ? undefined : new Throttle({ ...AZURE_LIMITS, ...options.throttle }),
    locks,
    denied,
    emit,
    pageSize: options.pageSize ?? 100,
    healthMs: options.healthMs ?? 2000,
    healthRetryAfter: options.healthRetryAfter ?? 10,
    powerMs: options.powerMs ?? 100,
    tokens,
    audiences,
    authorize: options.authorize ?? asDeployed(options.sites.map(({ estate }) => estate)),
    record: (call) => {
      calls.push(call);
      if (calls.length > MOST_CALLS) calls.shift();
    },
    broken: log,
    endpoint: () => endpoint,
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  audiences.push(endpoint);

  return {
    endpoint,
    caFile: certificate.caFile,
    ca: certificate.ca,
    tls: { key: certificate.key, cert: certificate.cert },
    env: {
      IDENTITY_ENDPOINT: identity.endpoint,
      IDENTITY_HEADER: identity.header,
      NODE_EXTRA_CA_CERTS: certificate.caFile,
    },
    estates: world.sites.map((site) => site.estate),
    changes,
    calls,
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    lock: (scope, level = 'CanNotDelete') => {
      locks.set(scope.toLowerCase(), level);
      return () => void locks.delete(scope.toLowerCase());
    },
    denyByPolicy: (scope) => {
      denied.add(scope.toLowerCase());
      return () => void denied.delete(scope.toLowerCase());
    },
    occupy: (name) => {
      const site = world.sites.find((candidate) => candidate.estate.vms.some((vm) => vm.name === name));
      const vm = site?.estate.vms.find((candidate) => candidate.name === name);
      if (!site || !vm) throw new Error(`no estate has a VM ${name}`);
      return commands.occupy({ site, vm, id: vmId(site.estate, vm.name) });
    },
    tokens,
    token: async (audience = AUDIENCES[0] ?? '') => (await tokens.issue(principals[0], audience)).token,
    personsToken: async () => (await tokens.issue(PERSON, AUDIENCES[0] ?? '')).token,
    close: async () => {
      commands.close();
      await Promise.all([
        identity.close(),
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
      ]);
      rmSync(dirname(certificate.caFile), { recursive: true, force: true });
    },
  };
}
