/**
 * The data of the events that the app publishes. The types are made from these, docs/events.md is made from these, and a
 * reader may check what it gets by them. A later version only adds fields.
 */
import * as z from 'zod/mini';

/** A field with what it means, for docs. */
function field<T extends z.ZodMiniType>(schema: T, meaning: string): T {
  z.globalRegistry.add(schema, { description: meaning });
  return schema;
}

const text = (meaning: string) => field(z.string(), meaning);
const time = (meaning: string) => field(z.iso.datetime(), meaning);

const subscriptionId = text('the VM’s subscription');
const findings = field(
  z.array(z.strictObject({ code: z.string(), text: z.string() })),
  'what is wrong: codes as in docs/findings.md, with what a person does about each',
);

const path = {
  subscriptionId,
  vmId: text('the VM’s resource id'),
  frontendId: text('the frontend’s resource id'),
  vip: text('the frontend’s address'),
};

/** By kind. */
export const newsData = {
  PathExposed: z.strictObject({
    ...path,
    exposure: field(
      z.enum(['active', 'latent']),
      '`active`: connections of this VM to the VIP come back to it now; `latent`: they would after a failover',
    ),
    verdict: field(z.enum(['repairable', 'blocked', 'unknown']), 'what is known of the guest'),
    findings,
    since: time('since when it is so'),
  }),
  PathProved: z.strictObject({
    ...path,
    exposure: field(z.enum(['active', 'latent', 'none']), 'as above'),
    proof: field(
      z.enum(['self', 'remote']),
      '`self`: a connect was seen to come back to this VM and to work; `remote`: all is set, and the connect went to another member',
    ),
    provedAt: time('when that was seen'),
    exposedSince: z.optional(time('since when it had been exposed; not there where it was not')),
  }),
  PathNeedsPerson: z.strictObject({
    ...path,
    exposure: field(z.enum(['active', 'latent', 'none']), 'as above'),
    findings,
  }),
  RunFailed: z.strictObject({
    subscriptionId: text('the subscription whose part of the run failed'),
    runId: text('the run, as in `GET /api/runs/{id}`'),
    signal: text('what woke the app: `failover`, `resourceChange`, `primaryMoved`, `sweep`, `manual`'),
    state: field(
      z.enum(['failed', 'settled']),
      '`failed`: the run ended without its work; `settled`: it ended, and VMs in it failed',
    ),
    failedVms: field(z.int(), 'how many VMs failed'),
    code: text('why, as a code; empty where the VMs say why'),
    text: text('why, for a person'),
  }),
  AzureRefuses: z.strictObject({
    subscriptionId: text('the subscription in which it refuses'),
    what: field(z.enum(['lists', 'rule health']), 'what cannot be read'),
    code: text('the app’s own code'),
    azureCode: text('Azure’s own code'),
    action: text('the action that was refused'),
    text: text('in Azure’s words'),
    nextStep: text('what a person does'),
    since: time('since when it is so'),
  }),
};

/** A whole event, CloudEvents 1.0. */
export const newsEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  source: z.string().check(z.startsWith('/ilb-hairpin-guard/subscriptions/')),
  type: z.string().check(z.startsWith('IlbHairpinGuard.')),
  subject: z.string(),
  time: z.iso.datetime(),
  data: z.unknown(),
});
