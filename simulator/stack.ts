/**
 * The whole program on one machine: a lab of guests, Azure Resource Manager, Event Grid and storage around the built
 * app in a Functions host. What `npm start`, the end-to-end tests and the benchmarks share.
 * Long: all parts are put together in one place.
 */
import { rm } from 'node:fs/promises';
import { EventGridPublisherClient } from '@azure/eventgrid';
import type { BuildResult } from '../build.ts';
import { subscriptionOf } from '../shared/model/scope.ts';
import type { RunView } from '../shared/views/run.ts';
import { type Arm, type ArmOptions, startArm } from './arm/arm.ts';
import type { HealthEvent, ResourceEvent } from './arm/events.ts';
import { appSettings, buildApp } from './deployedApp.ts';
import type { Estate } from './estate/estate.ts';
import { subscriptionsOf, vmId } from './estate/ids.ts';
import { subscriptionAsDeployed, topicAsDeployed } from './eventgrid/deployed.ts';
import { type EventGrid, type SystemTopic, startEventGrid } from './eventgrid/eventGrid.ts';
import { MIRROR_PRINCIPAL, senders } from './eventgrid/senders.ts';
import type { GuestLab } from './guests/lab.ts';
import { type Host, startHost } from './host/host.ts';
import { type Azurite, startAzurite } from './storage/azurite.ts';
import { until } from './until.ts';

export interface StackOptions {
  estate: Estate;
  /** Starts the guests. Stopped with the stack. */
  lab: (estate: Estate) => Promise<GuestLab>;
  /** Further estates in the same subscription, each with guests of its own. */
  more?: { estate: Estate; lab: (estate: Estate) => Promise<GuestLab> }[];
  /** How long a Run Command takes besides its script, ms. Azure takes about 20 s. */
  commandMs: number;
  /** App settings besides those that the stack makes. */
  settings?: Record<string, string>;
  /** Of the simulated ARM: limits, times, rights. */
  arm?: Partial<Omit<ArmOptions, 'sites' | 'onEvent'>>;
  /** First port to try for the Functions host. */
  port?: number;
}

/** A log line of the loop: `{"step": ..., ...}` as the app wrote it. */
export interface Step {
  at: number;
  step: string;
  [field: string]: unknown;
}

/** An estate and its guests. */
export interface Site {
  estate: Estate;
  lab: GuestLab;
}

export interface Stack extends Site {
  /** All estates, the first one first. */
  sites: Site[];
  arm: Arm;
  azurite: Azurite;
  eventGrid: EventGrid;
  host: Host;
  /** Steps that the app has logged so far. */
  steps: Step[];
  /** Resolves to the first step that fits, logged already or within the time. */
  step(fits: (step: Step) => boolean, withinMs: number): Promise<Step>;
  /** Runs the sweep timer now; resolves to its run once it has ended. */
  sweep(withinMs: number): Promise<RunView>;
  /** `POST /api/runs`; resolves to the run once it has ended. */
  run(body: { scope: string | string[]; mode: string; dryRun?: boolean }, withinMs: number): Promise<RunView>;
  /** Waits for a run's end. */
  ended(runId: string, withinMs: number): Promise<RunView>;
  /** A member takes its mirror over and says so, as ^ZMIRROR does: the event goes out as the takeover happens. */
  failOver(mirror: string, to: string): Promise<{ eventId: string; at: number }>;
  stop(): Promise<void>;
}

/** Every function listens; the queue and the timers run. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { estate } = options;
  const closers: (() => Promise<unknown>)[] = [];
  const steps: Step[] = [];
  const listeners = new Set<(step: Step) => void>();
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    // The rest is ended also when one part does not end well.
    for (const close of closers.splice(0).reverse()) await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    // Each part is kept for its end as soon as it is there, so that a failure beside it leaves nothing behind.
    const keep = async <T>(part: Promise<T>, close: (part: T) => Promise<unknown>): Promise<T> => {
      const started = await part;
      closers.push(() => close(started));
      return started;
    };
    const startSite = async (site: NonNullable<StackOptions['more']>[number]): Promise<Site> => ({
      estate: site.estate,
      lab: await keep(site.lab(site.estate), (lab) => lab.stop()),
    });
    const started = await Promise.allSettled([
      Promise.all([startSite(options), ...(options.more ?? []).map(startSite)]),
      keep(startAzurite(), (azurite) => azurite.stop()),
      keep(buildApp(), ({ outFolder }) => rm(outFolder, { recursive: true, force: true })),
    ]);
    for (const part of started) if (part.status === 'rejected') throw part.reason;
    const [sites, azurite, built] = started.map((part) => (part as PromiseFulfilledResult<unknown>).value) as [
      [Site, ...Site[]],
      Azurite,
      BuildResult,
    ];
    const { lab } = sites[0];
    let toTopic: (event: ResourceEvent) => void = () => {};
    let toHealthTopic: (event: HealthEvent) => void = () => {};
    const arm = await keep(
      startArm({
        sites,
        commandMs: options.commandMs,
        healthMs: 300,
        onEvent: (event) => toTopic(event),
        onHealthEvent: (event) => toHealthTopic(event),
        ...options.arm,
      }),
      (it) => it.close(),
    );
    const acceptToken = senders(arm.tokens, [MIRROR_PRINCIPAL]);
    const eventGrid = await keep(startEventGrid({ tls: arm.tls, acceptToken }), (it) => it.stop());
    const host = await startHost({
      appFolder: built.outFolder,
      extraCaFile: arm.caFile,
      ...(options.port === undefined ? {} : { port: options.port }),
      settings: { ...appSettings(arm, azurite, estate), ...options.settings },
      onLog: (line) => {
        const step = readStep(line.message, Date.parse(line.time));
        if (!step) return;
        steps.push(step);
        for (const listener of listeners) listener(step);
      },
    });
    closers.push(() => host.stop());
    const topics = new Map<string, { source: SystemTopic; health: SystemTopic }>();
    for (const id of new Set(sites.flatMap((site) => subscriptionsOf(site.estate)))) {
      const source = eventGrid.systemTopic(`/subscriptions/${id}`);
      await source.subscribe(subscriptionAsDeployed('resourceChange', host.url));
      const health = eventGrid.systemTopic(`/subscriptions/${id}`, 'CloudEventSchemaV1_0');
      await health.subscribe(subscriptionAsDeployed('availability', host.url));
      topics.set(id, { source, health });
    }
    toTopic = (event) => topics.get(subscriptionOf(event.topic))?.source.feed(event);
    toHealthTopic = (event) => topics.get(subscriptionOf(event.data.resourceInfo.id))?.health.feed(event);

    const topic = eventGrid.customTopic({ name: 'mirror-failover', ...topicAsDeployed() });
    await topic.subscribe(subscriptionAsDeployed('mirrorFailover', host.url));
    const mirrorIdentity = {
      getToken: async () => {
        const { token, expiresOn } = await arm.tokens.issue(MIRROR_PRINCIPAL, 'https://eventgrid.azure.net');
        return { token, expiresOnTimestamp: expiresOn * 1000 };
      },
    };
    const publisher = new EventGridPublisherClient(topic.endpoint, 'CloudEvent', mirrorIdentity, {
      // The simulated cloud's own authority; a mirror in Azure needs none.
      ...{ tlsOptions: { ca: arm.ca } },
    });

    const step = (fits: (step: Step) => boolean, withinMs: number): Promise<Step> => {
      const found = steps.find(fits);
      if (found) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          listeners.delete(listener);
          reject(
            new Error(
              `The app did not log within ${withinMs} ms a step with ${fits}; the last steps:\n${lastOf(steps)}`,
            ),
          );
        }, withinMs);
        const listener = (candidate: Step): void => {
          if (!fits(candidate)) return;
          clearTimeout(timer);
          listeners.delete(listener);
          resolve(candidate);
        };
        listeners.add(listener);
      });
    };
    const ended = async (runId: string, withinMs: number): Promise<RunView> => {
      let view: RunView | undefined;
      const look = async () => {
        const answer = await fetch(`${host.url}/api/runs/${runId}`);
        if (answer.status !== 200 && answer.status !== 404)
          throw new Error(`GET run: ${answer.status} ${await answer.text()}`);
        view = answer.status === 200 ? ((await answer.json()) as RunView) : undefined;
        return view !== undefined && ['settled', 'failed'].includes(view.state) && view;
      };
      return until(() => `the end of run ${runId}: ${JSON.stringify(view)}`, look, withinMs, 100);
    };

    return {
      estate,
      lab,
      sites,
      arm,
      azurite,
      eventGrid,
      host,
      steps,
      step,
      ended,
      async sweep(withinMs) {
        const since = steps.length;
        await host.runFunction('complianceSweep');
        const isNew = (candidate: Step) =>
          candidate.step === 'accepted' && candidate.signal === 'sweep' && steps.indexOf(candidate) >= since;
        const accepted = await step(isNew, withinMs);
        return ended(String(accepted.runId), withinMs);
      },
      async run(body, withinMs) {
        const answer = await fetch(`${host.url}/api/runs`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        if (answer.status !== 202) throw new Error(`POST /api/runs: ${answer.status} ${await answer.text()}`);
        const location = answer.headers.get('location') ?? '';
        return ended(location.split('/').at(-1) ?? '', withinMs);
      },
      async failOver(mirrorName, to) {
        const site = sites.find((item) => item.estate.mirrors.some((mirror) => mirror.name === mirrorName));
        const mirror = site?.estate.mirrors.find((item) => item.name === mirrorName);
        const frontend = site?.estate.loadBalancers
          .find((item) => item.name === mirror?.loadBalancer)
          ?.frontends.find((item) => item.name === mirror?.frontend);
        if (!site || !mirror || !frontend) throw new Error(`no mirror ${mirrorName}`);
        const id = vmId(site.estate, to);
        const eventId = crypto.randomUUID();
        const at = Date.now();
        await site.lab.setPrimary(mirrorName, to);
        await publisher.send([
          {
            id: eventId,
            source: id,
            type: 'IlbHairpinGuard.MirrorFailover',
            subject: id,
            data: { vmId: id, vip: frontend.address, mirror: mirrorName },
          },
        ]);
        return { eventId, at };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function readStep(message: string, at: number): Step | undefined {
  if (!message.startsWith('{"step":')) return undefined;
  try {
    return { at, ...(JSON.parse(message) as { step: string }) };
  } catch {
    return undefined; // cut by the host's limit: nothing waits for it
  }
}

/** How many of the last steps are told when one did not come: enough for a run from its plan to its end. */
const LAST_STEPS = 20;

const lastOf = (steps: Step[]): string =>
  steps
    .slice(-LAST_STEPS)
    .map((step) => JSON.stringify(step))
    .join('\n');
