/**
 * Runs one function once, in the order of the real worker (src/eventHandlers/InvocationHandler.ts): arguments, hooks
 * before, the function, hooks after, response; then the output bindings.
 */
import { randomUUID } from 'node:crypto';
import { GuardError, messageOf } from '../../shared/errors.ts';
import type { HookName, RegisteredFunction, Registry } from './core.ts';
import type { Invocation, LogLine, TriggerKind } from './events.ts';
import type {
  CoreInvocationContext,
  FunctionCallback,
  InvocationRequest,
  InvocationResponse,
  LogLevel,
  RpcTypedData,
} from './functionsCore.ts';
import type { OutputSender } from './outputs.ts';

export interface InvokeOptions {
  trigger: TriggerKind;
  /** The trigger's value. */
  data: RpcTypedData;
  metadata?: Record<string, RpcTypedData>;
  dequeueCount?: number;
}

export interface Outcome {
  invocation: Invocation;
  response: InvocationResponse | undefined;
}

export interface InvokerReports {
  log(line: Omit<LogLine, 'time'>): void;
  began(name: string, id: string): void;
  ended(invocation: Invocation): void;
}

export interface Invoker {
  /** Runs the function; what it throws is in the outcome. */
  invoke(target: RegisteredFunction, options: InvokeOptions): Promise<Outcome>;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export function createInvoker(registry: Registry, send: OutputSender, reports: InvokerReports): Invoker {
  const appHookData = {};
  const running = new Set<Promise<unknown>>();

  async function run(
    target: RegisteredFunction,
    id: string,
    options: InvokeOptions,
  ): Promise<{ response: InvocationResponse; sent: number }> {
    const { metadata } = target;
    const model = registry.model;
    if (!model)
      throw new GuardError('NOT_FOUND', 'No programming model is set.', 'Register functions with @azure/functions.');
    const request: InvocationRequest = {
      invocationId: id,
      inputData: [{ name: triggerName(target), data: options.data }],
      ...(options.metadata && { triggerMetadata: options.metadata }),
    };
    const core: CoreInvocationContext = {
      invocationId: id,
      request,
      metadata,
      log: (level, category, message) => log(target, core, level, category, message),
    };
    const invocation = await model.getInvocationModel(core);
    const { context, inputs } = await invocation.getArguments();
    const shared = { hookData: {}, appHookData, invocationContext: context };
    invocationContexts.set(core, context);

    const before = { ...shared, inputs, functionCallback: target.callback as FunctionCallback };
    await withState(core, 'preInvocationHooks', () => hooks('preInvocation', before));
    const after: { result: unknown; error: unknown } & Record<string, unknown> = {
      ...shared,
      inputs: before.inputs,
      result: null,
      error: null,
    };
    try {
      after.result = await withState(core, 'invocation', () =>
        invocation.invokeFunction(context, before.inputs, before.functionCallback),
      );
    } catch (error) {
      after.error = error;
    }
    await withState(core, 'postInvocationHooks', () => hooks('postInvocation', after));
    if (after.error) throw after.error;
    const response = await invocation.getResponse(context, after.result);
    return { response, sent: await send(metadata, response) };
  }

  const invocationContexts = new WeakMap<CoreInvocationContext, unknown>();

  async function hooks(name: HookName, context: unknown): Promise<void> {
    for (const hook of registry.hooks[name]) await hook(context);
  }

  function log(
    target: RegisteredFunction,
    core: CoreInvocationContext,
    level: LogLevel,
    category: string,
    message: string,
  ): void {
    const line = {
      level,
      message,
      category,
      invocationContext: invocationContexts.get(core),
      hookData: {},
      appHookData,
    };
    for (const hook of registry.hooks.log) hook(line);
    reports.log({
      function: target.metadata.name,
      invocationId: core.invocationId,
      level: line.level,
      category: category === 'user' ? 'user' : 'system',
      message: line.message,
    });
  }

  async function invoke(target: RegisteredFunction, options: InvokeOptions): Promise<Outcome> {
    const id = randomUUID();
    const startedAt = Date.now();
    const began = performance.now();
    const name = target.metadata.name;
    reports.began(name, id);
    let result: { response: InvocationResponse; sent: number } | undefined;
    let failure: unknown;
    let failed = false;
    try {
      result = await run(target, id, options);
    } catch (error) {
      failure = error;
      failed = true;
    }
    const invocation: Invocation = {
      function: name,
      id,
      trigger: options.trigger,
      ok: !failed,
      startedAt,
      ms: Math.round((performance.now() - began) * 10) / 10,
      sent: result?.sent ?? 0,
      ...(options.dequeueCount !== undefined && { dequeueCount: options.dequeueCount }),
      ...(failed && { error: messageOf(failure) }),
    };
    if (failed) {
      const message = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
      reports.log({ function: name, invocationId: id, level: 'error', category: 'host', message });
    }
    reports.ended(invocation);
    return { invocation, response: result?.response };
  }

  return {
    invoke(target, options) {
      const work = invoke(target, options);
      running.add(work);
      void work.finally(() => running.delete(work));
      return work;
    },
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

async function withState<T>(
  core: CoreInvocationContext,
  state: CoreInvocationContext['state'],
  work: () => Promise<T>,
): Promise<T> {
  core.state = state;
  try {
    return await work();
  } finally {
    core.state = undefined;
  }
}

/** Name of the binding that triggers a function. */
function triggerName({ metadata }: RegisteredFunction): string {
  const name = Object.keys(metadata.bindings).find((key) => /trigger$/i.test(metadata.bindings[key]?.type ?? ''));
  if (!name)
    throw new GuardError('NOT_FOUND', `Function ${metadata.name} has no trigger.`, 'Register it with a trigger.');
  return name;
}

/** The trigger's type in lower case, with its options. */
export function triggerOf(target: RegisteredFunction): { type: string; options: Record<string, unknown> } {
  const options: Record<string, unknown> = target.metadata.bindings[triggerName(target)] ?? {};
  return { type: String(options.type).toLowerCase(), options };
}
