/**
 * The process of one Functions host: provides the core module, loads the built app, starts its triggers. Started by
 * host.ts over IPC, and gone when that channel closes, however the parent died. See host.ts for what differs from
 * the real host.
 */
import { GuardError, InputError, messageOf } from '../../shared/errors.ts';
import { answerAdmin } from './admin.ts';
import { provideCore, type RegisteredFunction } from './core.ts';
import { answerEventGrid, WEBHOOK_PATH } from './eventGridTrigger.ts';
import type { FromHost, Invocation, LogLine, StartMessage, ToHost } from './events.ts';
import { readHostJson } from './hostJson.ts';
import { answerHttp } from './httpTrigger.ts';
import { createInvoker, type InvokeOptions, triggerOf } from './invoke.ts';
import { loadApp, selectFunctions } from './loadApp.ts';
import { createOutputSender } from './outputs.ts';
import { createQueues } from './queues.ts';
import { listen } from './server.ts';
import { startTriggers } from './triggers.ts';

process.once('disconnect', () => process.exit(0));
if (!process.connected) process.exit(0);

let drain = async (): Promise<void> => process.exit(0);
process.on('message', (message: ToHost) => {
  if (message.kind === 'start') void start(message).catch(fail);
  else if (message.kind === 'drain') void drain();
});
process.on('SIGTERM', () => void drain());

function tell(message: FromHost): void {
  // The parent may have gone in this moment; 'disconnect' follows.
  if (process.connected) process.send?.(message);
}

function fail(error: unknown): void {
  const nextStep = error instanceof GuardError ? error.nextStep : 'Look at the message.';
  tell({
    kind: 'failed',
    message: error instanceof GuardError ? error.message : String((error as Error)?.stack ?? error),
    nextStep,
  });
  process.exitCode = 1;
  process.disconnect();
}

const log = (line: Omit<LogLine, 'time'>): void =>
  tell({ kind: 'log', line: { time: new Date().toISOString(), ...line } });
const hostLog = (level: LogLine['level'], message: string, name = ''): void =>
  log({ function: name, invocationId: '', level, category: 'host', message });

async function start({
  appFolder,
  settings,
  port,
  only,
  runningVisibilitySeconds,
  stateFolder,
}: StartMessage): Promise<void> {
  const hostJson = await readHostJson(appFolder, settings);
  const server = await listen(port);
  process.env.WEBSITE_HOSTNAME = `127.0.0.1:${server.port}`;
  const registry = provideCore((level, message) => hostLog(level as LogLine['level'], message));
  const loadMs = await loadApp(appFolder, registry);
  const functions = selectFunctions(registry, settings, only);
  const queues = createQueues(hostJson.queues, settings);
  const invoker = createInvoker(registry, createOutputSender(queues.send), {
    log,
    began: (name, id) => tell({ kind: 'began', function: name, id }),
    ended: (invocation) => tell({ kind: 'invocation', invocation }),
  });

  const triggers = await startTriggers(functions, {
    hostJson,
    settings,
    queues,
    invoker,
    runningVisibilitySeconds,
    stateFolder,
    log: hostLog,
  });

  /** What a run by hand needs, or undefined for a function that is not here. */
  function byHand(
    name: string,
    input: string | undefined,
  ): { target: RegisteredFunction; options: InvokeOptions } | undefined {
    const target = [...functions].find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
    if (!target) return undefined;
    if (triggerOf(target).type === 'httptrigger') {
      throw new InputError('INPUT_INVALID', 'function', name, 'has an HTTP trigger: call its address');
    }
    return { target, options: { trigger: 'manual', data: triggers.valueByHand(target, input) } };
  }

  async function run(name: string, input: string | undefined): Promise<Invocation> {
    const found = byHand(name, input);
    if (!found)
      throw new InputError('NOT_FOUND', 'function', name, `must be one of ${[...functions.keys()].join(', ')}`);
    return (await invoker.invoke(found.target, found.options)).invocation;
  }

  process.on('message', (message: ToHost) => {
    if (message.kind !== 'run') return;
    const { request } = message;
    run(message.name, message.input).then(
      (invocation) => tell({ kind: 'ran', request, invocation }),
      (error: unknown) => tell({ kind: 'ran', request, error: messageOf(error) }),
    );
  });

  const actions = {
    functions: triggers.summaries,
    run(name: string, input: string | undefined): boolean {
      const found = byHand(name, input);
      if (found) void invoker.invoke(found.target, found.options);
      return found !== undefined;
    },
  };
  server.answerWith(async (request, response, url) => {
    if (url.pathname.toLowerCase() === WEBHOOK_PATH)
      return answerEventGrid(triggers.eventGrid, invoker, request, response, url);
    if (await answerAdmin(actions, request, response, url.pathname)) return;
    if (!(await answerHttp(triggers.http, invoker, request, response, url))) response.writeHead(404).end();
  });

  let draining: Promise<void> | undefined;
  drain = () => {
    draining ??= (async () => {
      await Promise.all([server.close(), triggers.stop()]);
      await invoker.idle();
      for (const hook of registry.hooks.appTerminate) await hook({ hookData: {}, appHookData: {} });
      // Messages keep their order: once this one is out, all are.
      await new Promise<void>((sent) =>
        process.connected ? process.send?.({ kind: 'drained' } satisfies FromHost, () => sent()) : sent(),
      );
      process.exit(0);
    })();
    return draining;
  };

  tell({
    kind: 'ready',
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    functions: triggers.summaries,
    loadMs,
  });
}
