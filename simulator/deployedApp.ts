/** The app as it is deployed, for hosts of this machine: what is packed, and its settings with the way to the simulated cloud. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { type BuildResult, build } from '../build.ts';
import { packed } from '../pack.ts';
import type { Arm } from './arm/arm.ts';
import { APP_PRINCIPAL } from './arm/tokens.ts';
import { deployedSettings, settingsAtRunTime } from './deployment.ts';
import type { Estate } from './estate/estate.ts';
import { subscriptionsOf } from './estate/ids.ts';
import type { Azurite } from './storage/azurite.ts';
import { temporaryFolder } from './storage/temporary.ts';

/**
 * What is deployed, unpacked into an empty folder. Built for this start alone: the checkout may not be writable, and
 * another start must not take the files away.
 */
export async function buildApp(): Promise<BuildResult> {
  const built = await build({ outFolder: await temporaryFolder('app') });
  const zip = packed(built.outFolder);
  await rm(built.outFolder, { recursive: true });
  for (const [name, content] of Object.entries(unzipSync(zip))) {
    const file = join(built.outFolder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return built;
}

/** The app settings as they are deployed, with those that lead to the simulated cloud instead of Azure. */
export function appSettings(arm: Arm, azurite: Azurite, estate: Estate): Record<string, string> {
  return {
    ...settingsAtRunTime(deployedSettings()),
    ...arm.env,
    AZURE_CLIENT_ID: APP_PRINCIPAL.clientId,
    // Azurite takes no identity over plain http.
    AzureWebJobsStorage: azurite.connectionString,
    // A first installation only looks.
    HAIRPIN_ENFORCEMENT: 'enforce',
    HAIRPIN_SUBSCRIPTIONS: subscriptionsOf(estate).join(','),
    HAIRPIN_ARM_ENDPOINT: arm.endpoint,
    HAIRPIN_ARM_AUDIENCE: arm.endpoint,
    HAIRPIN_BELL_SECONDS: '1',
    HAIRPIN_WATCH_SECONDS: '5',
    HAIRPIN_CONNECT_SECONDS: '1',
    HAIRPIN_HEALTH_PER_MINUTE: '600',
    HAIRPIN_SWEEP_SCHEDULE: hourly(),
    HAIRPIN_WATCH_SCHEDULE: '30 * * * * *',
  };
}

/** NCRONTAB, each hour and not within the next 58 minutes: whoever wants a timer before that rings it. */
export const hourly = (): string => `0 ${(new Date().getUTCMinutes() + 59) % 60} * * * *`;
