/** The built app in hosts of one function each, over storage on disk and the simulated cloud, with hosts that are condemned. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { QueueClient } from '@azure/storage-queue';
import type { Store } from '../../../shared/model/store.ts';
import { openTables } from '../../../shared/state/tables.ts';
import { type Arm, startArm } from '../../../simulator/arm/arm.ts';
import { type ScriptedLab, scriptedLab } from '../../../simulator/chaos/scriptedLab.ts';
import { appSettings, buildApp } from '../../../simulator/deployedApp.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../../simulator/estate/estate.ts';
import { type EventGrid, startEventGrid } from '../../../simulator/eventgrid/eventGrid.ts';
import { type Host, type HostOptions, startHost } from '../../../simulator/host/host.ts';
import { startAzurite } from '../../../simulator/storage/azurite.ts';
import { temporaryFolder } from '../../../simulator/storage/temporary.ts';

export interface Hosts {
  estate: Estate;
  lab: ScriptedLab;
  arm: Arm;
  eventGrid: EventGrid;
  store: Store;
  queue(name: string): QueueClient;
  /** A host of some functions. */
  start(only: string[], options?: Partial<HostOptions>): Promise<Host>;
  /** A host that can be killed at a call; `HostOptions` as for `start`. */
  victim(only: string[]): Promise<Victim>;
  /** Publishes on a custom topic that delivers to a function of that host. */
  topicTo(
    url: string,
    functionName: string,
  ): Promise<(event: { id: string; subject: string; data: object }) => Promise<void>>;
  stop(): Promise<void>;
}

export interface Victim {
  host: Host;
  /** From now on it dies at that call: `before POST reconcile/messages`; nothing: it lives. */
  condemn(sentence: string): Promise<void>;
  /** A new process on the same port, in the place of this one, dead or not. */
  replace(): Promise<void>;
}

/** A message of a killed host comes back after this instead of after ten minutes. */
const HIDDEN_SECONDS = 3;

/** @param scriptMs How long a command is in a guest. */
export async function startHosts(commandMs = 100, scriptMs = 50): Promise<Hosts> {
  const estate = articleEstate();
  const lab = scriptedLab(estate, scriptMs);
  const folder = await temporaryFolder('hosts');
  const [arm, azurite, built] = await Promise.all([
    startArm({
      sites: [{ estate, lab }],
      commandMs,
      healthMs: 50,
      throttle: false,
    }),
    startAzurite({ persist: folder }),
    buildApp(),
  ]);
  // Event Grid's waits are shortened, not its ways: 10 s before the first retry become half a second.
  const eventGrid = await startEventGrid({ tls: arm.tls, timeFactor: 0.05 });
  const hosts = new Set<Host>();
  let topics = 0;
  const start = async (only: string[], options: Partial<HostOptions> = {}): Promise<Host> => {
    const host = await startHost({
      appFolder: built.outFolder,
      extraCaFile: arm.caFile,
      port: 0,
      only,
      runningVisibilitySeconds: HIDDEN_SECONDS,
      ...options,
      settings: {
        ...appSettings(arm, azurite, estate),
        HAIRPIN_COMMAND_SECONDS: '20',
        HAIRPIN_COMMAND_SLACK_SECONDS: '20',
        AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.2000000',
        AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
        ...options.settings,
      },
    });
    hosts.add(host);
    void host.ended.then(() => hosts.delete(host));
    return host;
  };
  return {
    estate,
    lab,
    arm,
    eventGrid,
    store: openTables({ kind: 'connectionString', connectionString: azurite.connectionString }),
    queue: (name) => new QueueClient(azurite.connectionString, name),
    start,
    async victim(only) {
      const file = join(folder, `sentence-${only.join('-')}`);
      await writeFile(file, '');
      const preload = `--import=${new URL('wire.preload.ts', import.meta.url).href}`;
      const settings = { NODE_OPTIONS: preload, HAIRPIN_TEST_SENTENCE: file };
      const victim: Victim = {
        host: await start(only, { settings }),
        condemn: (sentence) => writeFile(file, sentence),
        async replace() {
          await victim.host.kill();
          await writeFile(file, '');
          victim.host = await start(only, { settings, port: victim.host.port });
        },
      };
      return victim;
    },
    async topicTo(url, functionName) {
      const topic = eventGrid.customTopic({ name: `topic-${topics++}` });
      await topic.subscribe({
        name: functionName,
        endpoint: `${url}/runtime/webhooks/EventGrid?functionName=${functionName}`,
      });
      const publisher = new EventGridPublisherClient(
        topic.endpoint,
        'EventGrid',
        new AzureKeyCredential(topic.keys[0]),
        {
          ...{ tlsOptions: { ca: arm.ca } },
        },
      );
      return ({ id, subject, data }) =>
        publisher.send([{ id, subject, data, eventType: 'IlbHairpinGuard.MirrorFailover', dataVersion: '1' }]);
    },
    async stop() {
      await Promise.allSettled([...hosts].map((host) => host.kill()));
      await eventGrid.stop();
      await arm.close();
      await azurite.stop();
      for (const each of [built.outFolder, folder]) await rm(each, { recursive: true, force: true });
    },
  };
}
