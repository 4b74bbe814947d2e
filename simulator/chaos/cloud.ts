/** The app as Flex scales it: one process per function and two of `reconcile`, around the simulated cloud. */

import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import type { Store } from '../../shared/model/store.ts';
import { openTables } from '../../shared/state/tables.ts';
import { type Arm, startArm } from '../arm/arm.ts';
import type { ResourceEvent } from '../arm/events.ts';
import { appSettings, buildApp } from '../deployedApp.ts';
import type { Estate } from '../estate/estate.ts';
import { vmId } from '../estate/ids.ts';
import { type EventGrid, startEventGrid } from '../eventgrid/eventGrid.ts';
import { type Host, startHost } from '../host/host.ts';
import { type Azurite, startAzurite } from '../storage/azurite.ts';
import { type ScriptedLab, scriptedLab } from './scriptedLab.ts';

/** Processes with functions of their own; Flex scales those with an HTTP trigger together. */
const APART = [
  ['reconcile'],
  ['reconcile'],
  ['mirrorFailover'],
  ['resourceChange'],
  ['primaryWatch', 'complianceSweep'],
  ['deadLetter'],
];

/** The functions of each process: a function is named after its file. */
function processes(): string[][] {
  const files = readdirSync(new URL('../../functions/', import.meta.url)).filter((name) => name.endsWith('.ts'));
  const apart = new Set(APART.flat());
  const http = files.map((file) => file.slice(0, -'.ts'.length)).filter((name) => name !== 'index' && !apart.has(name));
  return [...APART, http];
}

export interface Cloud {
  estate: Estate;
  lab: ScriptedLab;
  arm: Arm;
  azurite: Azurite;
  eventGrid: EventGrid;
  store: Store;
  /** Run ids that a handler or the loop said it took. */
  taken: Set<string>;
  /** What deadLetter said of each message that the host gave up on. */
  dead: string[];
  /** The first process of a function. */
  host(name: string): Host;
  /** Ends one of the two loops as a crash does, and starts another. */
  crashLoop(): Promise<void>;
  announce(mirror: string, to: string): Promise<void>;
  feed(event: ResourceEvent): void;
  stop(): Promise<void>;
}

export interface CloudOptions {
  seed: number;
  commandMs: number;
  scriptMs: number;
  settings?: Record<string, string>;
  /** The guests. Default: scripted ones. */
  lab?: (estate: Estate, scriptMs: number) => ScriptedLab;
}

/** Starts all of it over an estate with scripted guests. */
export async function startCloud(estate: Estate, options: CloudOptions): Promise<Cloud> {
  const lab = (options.lab ?? scriptedLab)(estate, options.scriptMs);
  const [azurite, built] = await Promise.all([startAzurite(), buildApp()]);
  let toTopic: (event: ResourceEvent) => void = () => {};
  const arm = await startArm({
    sites: [{ estate, lab }],
    commandMs: options.commandMs,
    healthMs: 200,
    onEvent: (event) => toTopic(event),
  });
  // Event Grid's waits are shortened, not its ways: 10 s before the first retry become 1 s.
  const eventGrid = await startEventGrid({ tls: arm.tls, seed: options.seed, timeFactor: 0.1 });
  const taken = new Set<string>();
  const dead: string[] = [];
  const settings = { ...appSettings(arm, azurite, estate), ...options.settings };
  const start = (only: string[]): Promise<Host> =>
    startHost({
      appFolder: built.outFolder,
      extraCaFile: arm.caFile,
      port: 0,
      only,
      settings,
      // A killed process' message comes back after this instead of after ten minutes.
      runningVisibilitySeconds: 15,
      onLog: ({ message }) => {
        const found = /^\{"step":"(?:accepted|signal)".*"runId":"([0-9a-f]{32})"/.exec(message)?.[1];
        if (found) taken.add(found);
        if (/^\{"step":"dead-/.test(message)) dead.push(message);
      },
    });
  const hosts: { only: string[]; host: Host }[] = [];
  // One after another: together they would only wait for the same processors.
  for (const only of processes()) hosts.push({ only, host: await start(only) });
  const hostOf = (name: string): Host => {
    const found = hosts.find(({ only }) => only.includes(name));
    if (!found) throw new Error(`no process runs ${name}`);
    return found.host;
  };
  const hook = (name: string): string => `${hostOf(name).url}/runtime/webhooks/EventGrid?functionName=${name}`;

  const changes = eventGrid.systemTopic(`/subscriptions/${estate.subscriptionId}`);
  await changes.subscribe({
    name: 'resourceChange',
    endpoint: hook('resourceChange'),
    eventDeliverySchema: 'CloudEventSchemaV1_0',
  });
  toTopic = (event) => changes.feed(event);
  const topic = eventGrid.customTopic({ name: 'mirror-failover' });
  // Delivered in both schemas: each notice comes twice.
  for (const schema of ['EventGridSchema', 'CloudEventSchemaV1_0'] as const) {
    await topic.subscribe({ name: schema, endpoint: hook('mirrorFailover'), eventDeliverySchema: schema });
  }
  const publisher = new EventGridPublisherClient(topic.endpoint, 'EventGrid', new AzureKeyCredential(topic.keys[0]), {
    ...{ tlsOptions: { ca: arm.ca } },
  });
  const vipOf = (mirrorName: string): string => {
    const mirror = estate.mirrors.find((item) => item.name === mirrorName);
    const lb = estate.loadBalancers.find((item) => item.name === mirror?.loadBalancer);
    return lb?.frontends.find((item) => item.name === mirror?.frontend)?.address ?? '';
  };

  return {
    estate,
    lab,
    arm,
    azurite,
    eventGrid,
    store: openTables({ kind: 'connectionString', connectionString: azurite.connectionString }),
    taken,
    dead,
    host: hostOf,
    async crashLoop() {
      const at = hosts.findIndex(({ only }) => only.includes('reconcile'));
      const [victim] = hosts.splice(at, 1);
      await victim?.host.kill();
      hosts.push({ only: ['reconcile'], host: await start(['reconcile']) });
    },
    async announce(mirror, to) {
      const id = vmId(estate, to);
      await publisher.send([
        {
          id: crypto.randomUUID(),
          eventType: 'IlbHairpinGuard.MirrorFailover',
          subject: id,
          dataVersion: '1',
          data: { vmId: id, vip: vipOf(mirror), mirror },
        },
      ]);
    },
    feed: (event) => changes.feed(event),
    async stop() {
      await Promise.allSettled(hosts.map(({ host }) => host.stop(10_000)));
      await eventGrid.stop();
      await arm.close();
      await azurite.stop();
      await rm(built.outFolder, { recursive: true, force: true });
    },
  };
}
