/** Loads the app as the real worker does: the files that package.json's `main` names, then the start hooks. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GuardError, InputError } from '../../shared/errors.ts';
import type { RegisteredFunction, Registry } from './core.ts';
import { triggerOf } from './invoke.ts';
import { isDisabled, type Settings } from './settings.ts';

const TRIGGERS = ['httptrigger', 'queuetrigger', 'timertrigger', 'eventgridtrigger'];
const OUTPUTS = ['http', 'queue'];

/** Resolves to the milliseconds of CPU that the app took to load. Throws what the app threw. */
export async function loadApp(appFolder: string, registry: Registry): Promise<number> {
  const manifest = JSON.parse(await readFile(join(appFolder, 'package.json'), 'utf8')) as { main?: string };
  const files = manifest.main ? globSync(manifest.main, { cwd: appFolder }) : [];
  if (files.length === 0) throw new InputError('INPUT_INVALID', 'package.json main', manifest.main, 'names no file');
  const began = process.cpuUsage();
  for (const file of files) await import(pathToFileURL(join(appFolder, file)).href);
  const { user, system } = process.cpuUsage(began); // the same whatever else the machine does
  const loadMs = Math.round((user + system) / 100) / 10;
  await registry.model?.getCapabilities?.({});
  for (const hook of registry.hooks.appStart)
    await hook({ hookData: {}, appHookData: {}, functionAppDirectory: appFolder });
  return loadMs;
}

/**
 * The functions that this process runs: those that are not disabled, and of them the ones named in `only`.
 * Throws when one of them needs a trigger, output or retry policy that this host does not model, by its name.
 */
export function selectFunctions(
  registry: Registry,
  settings: Settings,
  only: string[] | undefined,
): Map<string, RegisteredFunction> {
  const unknown = only?.find((name) => !registry.functions.has(name));
  if (unknown !== undefined) {
    throw new InputError(
      'INPUT_INVALID',
      'only',
      unknown,
      `must be one of ${[...registry.functions.keys()].join(', ')}`,
    );
  }
  const chosen = [...registry.functions].filter(
    ([name]) => !isDisabled(name, settings) && (!only || only.includes(name)),
  );
  for (const [name, target] of chosen) refuseUnmodelled(name, target);
  return new Map(chosen);
}

function refuseUnmodelled(name: string, target: RegisteredFunction): void {
  const { type } = triggerOf(target);
  const output = Object.values(target.metadata.bindings).find(
    ({ direction, type: kind }) => direction === 'out' && !OUTPUTS.includes(kind.toLowerCase()),
  );
  const input = Object.values(target.metadata.bindings).find(
    ({ direction, type: kind }) => direction === 'in' && !/trigger$/i.test(kind),
  );
  const unmodelled = TRIGGERS.includes(type)
    ? (output?.type ?? input?.type ?? (target.metadata.retryOptions ? 'a retry policy' : undefined))
    : type;
  if (unmodelled) {
    throw new GuardError(
      'INPUT_INVALID',
      `Function ${name} uses ${unmodelled}, which this host does not model.`,
      'Use Core Tools for it.',
    );
  }
}
