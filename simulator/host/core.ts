/**
 * The module `@azure/functions-core`, which a Functions host gives to the app at run time and npm does not have.
 * It is handed out as the real worker does it, through `Module.prototype.require`
 * (Azure/azure-functions-nodejs-worker, src/setupCoreModule.ts), so a bundle that cannot reach it here could not
 * reach it in Azure either.
 */
import Module from 'node:module';
import { InputError } from '../../shared/errors.ts';
import type { FunctionCallback, FunctionMetadata, ProgrammingModel } from './functionsCore.ts';

export interface RegisteredFunction {
  metadata: FunctionMetadata;
  callback: FunctionCallback;
}

export type HookName = (typeof HOOKS)[number];
export type HookCallback = (context: unknown) => unknown;

const HOOKS = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;

/** What the app registered while it was loaded. */
export interface Registry {
  functions: Map<string, RegisteredFunction>;
  hooks: Record<HookName, HookCallback[]>;
  model: ProgrammingModel | undefined;
}

/** Makes `require('@azure/functions-core')` answer in this process. Returns where registrations are collected. */
export function provideCore(systemLog: (level: string, message: string) => void): Registry {
  const registry: Registry = {
    functions: new Map(),
    hooks: { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] },
    model: undefined,
  };
  const core = {
    version: '3.13.0',
    hostVersion: '4.1045.0',
    Disposable,
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback) {
      if (registry.functions.has(metadata.name)) {
        throw new InputError(
          'INPUT_INVALID',
          'function name',
          metadata.name,
          'a function of that name is registered already',
        );
      }
      registry.functions.set(metadata.name, { metadata, callback });
      return new Disposable(() => registry.functions.delete(metadata.name));
    },
    registerHook(name: string, callback: HookCallback) {
      // The library tells an old host by this kind of error.
      if (!isHook(name))
        throw Object.assign(new RangeError(`Unrecognized hook "${name}"`), { isAzureFunctionsSystemError: true });
      registry.hooks[name].push(callback);
      return new Disposable(() => {
        registry.hooks[name] = registry.hooks[name].filter((other) => other !== callback);
      });
    },
    setProgrammingModel(model: ProgrammingModel) {
      registry.model = model;
    },
    getProgrammingModel: () => registry.model,
    log: (level: string, _category: string, message: string) => systemLog(level, message),
  };
  Module.prototype.require = new Proxy(Module.prototype.require, {
    apply: (target, self, args) =>
      args[0] === '@azure/functions-core' ? core : Reflect.apply(target, self, args as [string]),
  });
  return registry;
}

const isHook = (name: string): name is HookName => (HOOKS as readonly string[]).includes(name);

class Disposable {
  readonly #dispose: () => unknown;

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  static from(...others: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const other of others) other.dispose();
    });
  }

  dispose(): unknown {
    return this.#dispose();
  }
}
