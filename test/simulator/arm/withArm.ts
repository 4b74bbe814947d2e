/** A simulated ARM for one test, with clients of the app's own that trust it. */
import tls from 'node:tls';
import type { ExecutionContext } from 'ava';
import { type AzureClients, createClients } from '../../../shared/azure/clients.ts';
import { type Arm, type ArmOptions, startArm } from '../../../simulator/arm/arm.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import type { Estate } from '../../../simulator/estate/estate.ts';
import { type FakeLab, fakeLab } from './fakeLab.ts';

export interface Bench {
  arm: Arm;
  lab: FakeLab;
  estate: Estate;
  clients: AzureClients;
}

/** Starts ARM over an estate (the article's by default) with short times, and ends it with the test. */
export async function withArm(
  t: ExecutionContext,
  options: Partial<ArmOptions> = {},
  estate: Estate = articleEstate(),
): Promise<Bench> {
  const lab = fakeLab(estate);
  const broken: string[] = [];
  const arm = await startArm({
    sites: [{ estate, lab }],
    commandMs: 50,
    healthMs: 10,
    powerMs: 10,
    log: (text) => broken.push(text),
    ...options,
  });
  t.teardown(() => arm.close());
  t.teardown(() => {
    if (broken.length > 0) throw new Error(`the simulator itself failed: ${broken.join('\n')}`);
  });
  trust(arm.ca);
  return { arm, lab, estate, clients: clientsOf(arm) };
}

/** Clients with a token of the simulator's first identity. */
export const clientsOf = (arm: Arm): AzureClients =>
  createClients({
    credential: { getToken: async () => ({ token: await arm.token(), expiresOnTimestamp: Date.now() + 3_600_000 }) },
    endpoint: arm.endpoint,
    audience: 'https://management.azure.com',
  });

/** Adds an authority to those that this process trusts, as NODE_EXTRA_CA_CERTS does for a new one. */
export function trust(ca: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ca]);
}
