/** The Bicep compiler: found, never installed here. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The version that the committed templates are made by: another one may write them otherwise. */
export const BICEP_VERSION = '0.49.2';

const CACHE = join(import.meta.dirname, '..', '.cache', 'bicep');

/** Where it may be: on the path, where `az bicep install` puts it, and where .ci/run puts NuGet's. */
function candidates(): string[] {
  const fromNuGet = existsSync(CACHE)
    ? readdirSync(CACHE)
        .filter((name) => name.startsWith('azure.bicep.commandline.'))
        .map((name) => join(CACHE, name, BICEP_VERSION, 'tools', 'bicep'))
    : [];
  return ['bicep', join(homedir(), '.azure', 'bin', 'bicep'), ...fromNuGet];
}

/** The compiler's command; undefined when this machine has none of that version. */
export const findBicep = (): string | undefined =>
  candidates().find((command) => {
    const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
    return stdout?.includes(` ${BICEP_VERSION} `) === true;
  });

/**
 * Runs the compiler. Returns what it printed on both outputs; throws Error with that when it fails.
 * @param env Of the compiler alone: what a parameter file reads.
 */
export function bicep(command: string, args: string[], env: Record<string, string> = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    // Nothing of this machine's environment gets into a parameter file.
    env: { PATH: process.env.PATH ?? '', HOME: homedir(), DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1', ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  const printed = `${stdout}${stderr}`.trim();
  if (status !== 0) throw new Error(`bicep ${args.join(' ')}\n${printed}`);
  return printed;
}
