/** App settings, as bindings name them. */
import { GuardError, InputError } from '../../shared/errors.ts';

export type Settings = Record<string, string>;

/** Replaces every `%NAME%` by that setting. Throws InputError when a setting is missing, as the real host refuses it. */
export function resolveNames(text: string, settings: Settings): string {
  return text.replace(/%([^%]+)%/g, (whole, name: string) => {
    const value = settings[name];
    if (value === undefined) throw new InputError('INPUT_INVALID', 'binding', whole, `there is no app setting ${name}`);
    return value;
  });
}

/** The connection string that a binding's `connection` stands for: the setting of that name, or `AzureWebJobs` + name. */
export function connectionString(connection: unknown, settings: Settings): string {
  const name = typeof connection === 'string' && connection !== '' ? connection : 'AzureWebJobsStorage';
  const value = settings[name] ?? settings[`AzureWebJobs${name}`];
  if (value) return value;
  if (Object.keys(settings).some((key) => key.startsWith(`${name}__`))) {
    throw new GuardError(
      'SETTING_INVALID',
      `Connection ${name} is identity-based, which this host does not model: Azurite takes tokens over https only.`,
      `Set ${name} to Azurite's connection string.`,
    );
  }
  throw new InputError('INPUT_INVALID', 'connection', name, 'there is no app setting with its connection string');
}

/** `AzureWebJobs.<function>.Disabled` switches a function off. */
export const isDisabled = (name: string, settings: Settings): boolean =>
  ['true', '1'].includes((settings[`AzureWebJobs.${name}.Disabled`] ?? '').toLowerCase());
