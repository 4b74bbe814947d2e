/**
 * The one place that wires adapters. Everything here is made on first use: a handler that only validates and puts a
 * message on the queue loads no Azure SDK.
 * Long: all adapters are wired in one place.
 */
import { randomUUID } from 'node:crypto';
import type { Looked } from './assess/observe.ts';
import { thisBuild } from './build.ts';
import { type Config, readConfig, readLookConfig } from './config.ts';
import type { EstateRequest, Progress } from './model/estateReading.ts';
import type { ListFormat, RunFormat } from './model/formats.ts';
import { madeOnce } from './model/madeOnce.ts';
import type { CancelMessage, ReconcileMessage, SignalMessage } from './model/messages.ts';
import { defined } from './model/optional.ts';
import { type Scope, wholeScope } from './model/scope.ts';
import type { Signal } from './model/signal.ts';
import type { Log } from './model/steps.ts';
import type { Store } from './model/store.ts';
import type { Accepted } from './reconcile/accept.ts';
import type { EstateRead } from './reconcile/estate.ts';
import type { Answer } from './views/answer.ts';
import type { HistoryAsked } from './views/history.ts';
import type { RunListQuery } from './views/runs.ts';

let config: Config | undefined;
let store: Promise<Store> | undefined;
let estate: Promise<() => Promise<EstateRead>> | undefined;

/** The app's settings. Throws SettingError for the first that is missing or wrong. */
export function appConfig(): Config {
  config ??= readConfig(process.env);
  return config;
}

async function appStore(): Promise<Store> {
  store ??= import('./state/tables.ts').then(({ openTables }) => openTables(appConfig().storage));
  return store;
}

/** The estate as the app knows it: read seldom, however often it is asked for. */
async function appEstate(): Promise<EstateRead> {
  estate ??= openAppEstate();
  return (await estate)();
}

async function openAppEstate(): Promise<() => Promise<EstateRead>> {
  const settings = appConfig();
  const [{ openEstate }, { openAzure }, opened] = await Promise.all([
    import('./reconcile/estate.ts'),
    import('./azure/adapters.ts'),
    appStore(),
  ]);
  const { topology } = openAzure(settings.azure);
  return openEstate({ store: opened, topology, clock: { now: Date.now } }, settings);
}

/** Handles one message of the queue `reconcile`. */
export async function runReconcile(message: ReconcileMessage, log: Log): Promise<void> {
  const settings = appConfig();
  const [{ reconcile }, { openBells }, azure] = await Promise.all([
    import('./reconcile/loop.ts'),
    import('./state/bells.ts'),
    import('./azure/adapters.ts'),
  ]);
  const { topology, health, commands, agents, topic } = azure.openAzure(settings.azure);
  await reconcile(
    message,
    {
      store: await appStore(),
      bell: openBells(settings.storage),
      topology,
      health,
      commands,
      agents,
      topic,
      clock: { now: Date.now },
      log,
      holder: randomUUID(),
    },
    settings,
  );
}

/**
 * Writes the run rows of manual signals, so that the caller's 202 means they are kept: once, where the caller gave the
 * request a key.
 */
export async function acceptRun(signals: readonly Signal[], key: string | undefined): Promise<Accepted> {
  const { accept } = await import('./reconcile/accept.ts');
  return accept(await appStore(), signals, key, appConfig().runAgeMs);
}

/** Marks the run of a signal that the host gave up on as failed. */
export async function failRun(message: SignalMessage, text: string): Promise<void> {
  const { markFailed } = await import('./reconcile/deadLetter.ts');
  await markFailed(await appStore(), message, text, Date.now(), appConfig().tellsEvents);
}

/** How the app itself is. */
export async function viewHealth(): Promise<Answer> {
  const { scope, storage, enforcement } = appConfig();
  const [{ readHealth }, { healthAnswer }, { countPoisoned }, opened] = await Promise.all([
    import('./views/health.ts'),
    import('./views/answer.ts'),
    import('./state/poison.ts'),
    appStore(),
  ]);
  const at = Date.now();
  return healthAnswer(
    await readHealth(opened, scope.subscriptionIds, {
      at,
      enforcement,
      ...thisBuild(),
      unreadable: () => countPoisoned(storage),
    }),
  );
}

/** How paths stood over days. */
export async function viewHistory({ format, ...asked }: HistoryAsked & { format: ListFormat }): Promise<Answer> {
  const [{ readHistory }, { historyAnswer }, opened] = await Promise.all([
    import('./views/history.ts'),
    import('./views/answer.ts'),
    appStore(),
  ]);
  return historyAnswer(await readHistory(opened, appConfig().scope.subscriptionIds, asked, Date.now()), format);
}

/** The page, without data: what it draws it asks for. */
export async function viewDashboard(): Promise<Answer> {
  const { dashboardAnswer } = await import('./views/dashboard.ts');
  return dashboardAnswer();
}

/** A page of runs, newest first. */
export async function pageOfRuns(query: RunListQuery): Promise<Answer> {
  const { scope, storage } = appConfig();
  const [{ readRunList }, { runsAnswer }, { countPoisoned }, opened] = await Promise.all([
    import('./views/runs.ts'),
    import('./views/answer.ts'),
    import('./state/poison.ts'),
    appStore(),
  ]);
  const [list, unreadable] = await Promise.all([
    readRunList(opened, scope.subscriptionIds, query),
    // Looked for where dead letters are looked for.
    query.state === 'failed' ? countPoisoned(storage) : 0,
  ]);
  const unreadableMessages = unreadable > 0 ? unreadable : undefined;
  return runsAnswer({ ...list, ...defined({ unreadableMessages }) }, query.format ?? 'json');
}

/** A run of that id as a new one: its signals, not accepted yet; undefined when there is no run of that id. */
export async function retryOfRun(id: string, runId: string): Promise<Signal[] | undefined> {
  const { scope } = appConfig();
  const [{ readRunRows }, { retrySignals }, opened] = await Promise.all([
    import('./views/run.ts'),
    import('./decide/retry.ts'),
    appStore(),
  ]);
  const runs = await readRunRows(opened, scope.subscriptionIds, id);
  if (runs.length === 0) return undefined;
  return retrySignals(runs, scope, runId, Date.now());
}

/** What tells the loops that a run is cancelled; undefined when there is no run of that id, none where it was already. */
export async function cancelOfRun(runId: string, by: string): Promise<CancelMessage[] | undefined> {
  const [{ readRunRows }, { cancelMessages }, opened] = await Promise.all([
    import('./views/run.ts'),
    import('./decide/cancelRun.ts'),
    appStore(),
  ]);
  const runs = await readRunRows(opened, appConfig().scope.subscriptionIds, runId);
  return runs.length === 0 ? undefined : cancelMessages(runs, by, Date.now());
}

/** A run in all subscriptions that it covers; undefined when there is none of that id. */
export async function viewRun(runId: string, format: RunFormat): Promise<Answer | undefined> {
  const [{ readRunView }, { runAnswer }, opened] = await Promise.all([
    import('./views/run.ts'),
    import('./views/answer.ts'),
    appStore(),
  ]);
  const run = await readRunView(opened, appConfig().scope.subscriptionIds, runId);
  return run && runAnswer(run, format);
}

/** Ten who poll a large estate share one document for each reading of it: of 10,000 VMs it takes half a second to make. */
const answerOnce = madeOnce<EstateRead, Answer>();

/** How each VM stands towards each VIP. */
export async function viewCompliance(format: ListFormat): Promise<Answer> {
  const [{ complianceView }, { complianceAnswer }, known] = await Promise.all([
    import('./views/compliance.ts'),
    import('./views/answer.ts'),
    appEstate(),
  ]);
  return answerOnce(known, `compliance ${format}`, () => complianceAnswer(complianceView(known), format));
}

/** What a failover or a loss would bring; of one VM, by name or id. */
export async function viewForecast(vm: string | undefined): Promise<Answer> {
  const [{ forecastView }, { forecastAnswer }, known] = await Promise.all([
    import('./views/forecast.ts'),
    import('./views/answer.ts'),
    appEstate(),
  ]);
  const make = () => forecastAnswer(forecastView(known, vm));
  return vm === undefined ? answerOnce(known, 'forecast', make) : make();
}

/** What becomes of the connections of one VM to one VIP. */
export async function viewPath(path: { vm: string; vip: string }): Promise<Answer> {
  const [{ pathTraceView }, { pathAnswer }, known] = await Promise.all([
    import('./views/paths.ts'),
    import('./views/answer.ts'),
    appEstate(),
  ]);
  return pathAnswer(pathTraceView(known, path));
}

/** The estate as the page draws it. */
export async function viewEstate(): Promise<Answer> {
  const [{ estateView }, { estateAnswer }, known] = await Promise.all([
    import('./views/estate.ts'),
    import('./views/answer.ts'),
    appEstate(),
  ]);
  return answerOnce(known, 'estate', () => estateAnswer(estateView(known, appConfig().enforcement)));
}

/** The description of the HTTP API. */
export async function viewOpenApi(): Promise<Answer> {
  const [{ default: document }, { openApiAnswer }] = await Promise.all([
    import('./views/openapi.json', { with: { type: 'json' } }),
    import('./views/answer.ts'),
  ]);
  return openApiAnswer(document);
}

/** What was observed, and the scope in which it is judged and was surveyed: all that was read. */
export interface Look extends Looked {
  scope: Scope;
}

/**
 * Reads an estate with the sign-in of whoever runs this, and changes nothing. Throws GuardError when nothing could be
 * read, and SettingError for a wrong setting.
 */
export async function look(request: EstateRequest, progress: Progress): Promise<Look> {
  const { azure, tags } = readLookConfig(process.env);
  const [{ observeEstate }, { openReaders }] = await Promise.all([
    import('./assess/observe.ts'),
    import('./azure/adapters.ts'),
  ]);
  const ports = { ...openReaders(azure), clock: { now: Date.now } };
  const { observed, whole } = await observeEstate(ports, request, tags, progress);
  return {
    observed,
    whole,
    scope: wholeScope(
      observed.subscriptions.map(({ id }) => id),
      tags,
    ),
  };
}
