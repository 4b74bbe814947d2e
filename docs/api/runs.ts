/** Runs and lists of runs, as schemas. */
import * as z from 'zod';
import { GUEST_MODES, type GuestPlan, MAX_BACKENDS, MAX_FRONTENDS } from '../../shared/model/guest.ts';
import { OUTCOME_RESULTS, type RunCounts } from '../../shared/model/rows.ts';
import { SIGNAL_KINDS } from '../../shared/model/signal.ts';
import type { RunSummary, RunView } from '../../shared/views/run.ts';
import type { RunListView } from '../../shared/views/runs.ts';
import { exactly } from './exactly.ts';
import { code, count, exposure, notProved, proofKind, text, time, verdict } from './parts.ts';

export const runId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .describe('32 hex digits.');

const nic = z.object({ ip: text('Address.'), mac: text('MAC of the NIC that carries it.') }).meta({ id: 'NicAddress' });

const plan = exactly<GuestPlan>()(
  z.object({
    containers: text('Linux: the network of the containers in which the instances run.').exactOptional(),
    frontends: z
      .array(
        z.object({
          vip: text('The VIP.'),
          port: z.int().describe('The TCP port that a connect proves.').exactOptional(),
          backends: z.array(nic).max(MAX_BACKENDS).describe('The own addresses in the pools.'),
          via: nic.describe('The address that carries the host route.'),
          kept: z.literal(true).describe('In no plan of today: left as it is.').exactOptional(),
        }),
      )
      .max(MAX_FRONTENDS),
  }),
).meta({ id: 'Plan', description: 'What a VM should have, in the order of VIPs.' });

const look = z
  .object({
    drift: z.array(z.string()).describe('What differed from the plan.'),
    outcome: text('How the connect ended.'),
    ms: count('How long it took, milliseconds.'),
  })
  .meta({ id: 'RunLook' });

const runPath = z
  .object({
    frontend: text('Id of the frontend.'),
    vip: text('The VIP.'),
    exposure: z.string().describe(exposure.description ?? ''),
    verdict: z.string().describe(verdict.description ?? ''),
    proof: z.object({
      kind: z.string().describe(proofKind.description ?? ''),
      at: time('When.').exactOptional(),
      saw: z
        .array(z.string())
        .describe('Own addresses and ports that connects were seen to come back to.')
        .exactOptional(),
    }),
    notProved: notProved.exactOptional(),
    findings: z.array(code),
    before: look.describe('When the script came.').exactOptional(),
    after: look.describe('When it left.').exactOptional(),
  })
  .meta({ id: 'RunPath', description: 'One VM towards one VIP, as a run left it.' });

const runVm = z
  .object({
    vm: text('Name.'),
    vmId: text('Id.'),
    state: text('waiting, commanded or settled.'),
    result: text(`How it ended: ${OUTCOME_RESULTS.join(', ')}.`).exactOptional(),
    waitingFor: code.describe('Why nothing was sent yet.').exactOptional(),
    changed: count('How many things were changed in the guest.'),
    warnings: z.array(code).describe('What a person should know though no path is wrong.'),
    findings: z.array(code).describe('Findings that are on no path.'),
    paths: z.array(runPath),
    plan: plan.describe('Of a dry run: the plan.').exactOptional(),
    script: text('Of a dry run: the very script that would be sent, with a command id of zeros.').exactOptional(),
  })
  .meta({ id: 'RunVm' });

const RESULT_COUNTS = Object.fromEntries(
  OUTCOME_RESULTS.map((result) => [result, count(`VMs that ended as ${result}.`)]),
) as Record<(typeof OUTCOME_RESULTS)[number], ReturnType<typeof count>>;

const counts = exactly<RunCounts>()(
  z.object({
    vms: count('VMs that it covers.'),
    ...RESULT_COUNTS,
    commands: count('Commands that they were given.'),
    looked: count('VMs whose guest was looked at for it.'),
    believed: count('VMs that are compliant by an earlier look.'),
  }),
).meta({ id: 'RunCounts' });

export const runSummary = exactly<RunSummary>()(
  z.object({
    runId,
    signal: text(`What woke it: ${SIGNAL_KINDS.join(', ')}.`),
    mode: text(`${GUEST_MODES.join(', ')}.`),
    dryRun: z.boolean(),
    state: text('accepted, running, settled or failed; of several subscriptions the one that is furthest behind.'),
    acceptedAt: time('When it was accepted.'),
    settledAt: time('When it ended.').exactOptional(),
    scope: z.array(z.string()).describe('What it covers, as it was asked for.'),
    askedBy: text('Who asked for it over HTTP: a person’s name, or function key.').exactOptional(),
    retryOf: runId.describe('The run that it repeats.').exactOptional(),
    joined: runId.describe('The run that does the work for both.').exactOptional(),
    event: z
      .object({ source: z.string(), id: z.string(), time: z.string() })
      .describe('Where an event came from. Shown, never trusted.')
      .exactOptional(),
    cancelled: z.object({ by: text('Who cancelled it.'), at: time('When that was asked.') }).exactOptional(),
    confirmation: z
      .object({ state: text('pending, confirmed or refused.'), afterMs: count('After so long.').exactOptional() })
      .describe('What the health probes say to a failover.')
      .exactOptional(),
    reason: code.describe('Why it cannot go on, or failed.').exactOptional(),
    counts,
  }),
).meta({ id: 'RunSummary', description: 'A run without its VMs.' });

export const run = exactly<RunView>()(
  runSummary.extend({
    vms: z.array(runVm).describe('A line per VM, in the order of names.'),
    unreadable: z.array(code).describe('Its rows that cannot be read, and why.').exactOptional(),
  }),
).meta({ id: 'Run', description: 'A run with a line per VM.' });

export const runList = exactly<RunListView>()(
  z.object({
    runs: z.array(runSummary),
    next: text('The request for older runs; not there when there are none.').exactOptional(),
    unreadableMessages: count(
      'Messages that the app could not read and that wait in the poison queue.',
    ).exactOptional(),
    unreadable: z.array(code).describe('Rows of runs that cannot be read, and why.').exactOptional(),
  }),
).meta({ id: 'RunList', description: 'A page of runs, newest first.' });

export const cancelling = z
  .object({
    runId,
    state: z.enum(['cancelling', 'cancelled']).describe('Whether its commands are being stopped, or it has ended so.'),
  })
  .meta({ id: 'Cancelling', description: 'A run that was cancelled.' });

export const accepted = z
  .object({
    runId,
    state: z.literal('accepted'),
    retryOf: runId.describe('The run that it repeats.').exactOptional(),
  })
  .meta({ id: 'Accepted', description: 'A run that is kept and will be worked on.' });
