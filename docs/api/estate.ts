/** What the app knows of the estate, as schemas: compliance, forecast, trace. */
import * as z from 'zod';
import { GUEST_MODES } from '../../shared/model/guest.ts';
import { TRACE_ASSUMPTIONS, TRACE_STEPS } from '../../shared/model/traceSteps.ts';
import type { CompliancePath, ComplianceView } from '../../shared/views/compliance.ts';
import { type EstateView, estateSchema } from '../../shared/views/estateSchema.ts';
import type { ForecastView } from '../../shared/views/forecast.ts';
import type { PathTraceView } from '../../shared/views/paths.ts';
import { exactly } from './exactly.ts';
import { code, count, exposure, headOf, notProved, proofKind, text, time, verdict } from './parts.ts';

const ageSeconds = count('How long before `asOf`, seconds.');

const compliancePath = exactly<CompliancePath>()(
  z.object({
    vm: text('Name of the VM.'),
    vip: text('The VIP.'),
    verdict,
    exposure,
    since: time(
      'Since when verdict and exposure are so, whatever the proof. Not there where that is not known: no pass of the app noted it yet, the last one noted something else, or it stood so before that was kept.',
    ).exactOptional(),
    sinceFirstSeen: z
      .literal(true)
      .describe('The path stood so when the app first saw it: it may have done so for longer than since `since`.')
      .exactOptional(),
    primarySince: time('Since when the VM that is primary for the VIP now is.').exactOptional(),
    proof: z.object({
      kind: proofKind,
      at: time('When it was last proved.').exactOptional(),
      ageSeconds: ageSeconds.exactOptional(),
      saw: z
        .array(
          z.object({
            address: text('An own address that a connect was seen to come back to.'),
            port: z.int().min(1).max(65535),
            at: time('When last.'),
            ageSeconds,
          }),
        )
        .exactOptional(),
    }),
    notProved: notProved.exactOptional(),
    look: z
      .object({
        at: time('When the guest was last looked at.'),
        mode: z.enum(GUEST_MODES),
        driftFound: count('Things that differed from the plan when the script came.'),
        driftLeft: count('Things that still did when it left.'),
        believed: z.boolean().describe('True while sweeps believe it and do not look again.'),
      })
      .describe('Not there when nobody looked, or the VM was away since.')
      .exactOptional(),
    findings: z.array(code),
    loadBalancer: text('Name of the load balancer.'),
    vmId: text('Id of the VM.'),
    frontend: text('Id of the frontend.'),
  }),
).meta({ id: 'CompliancePath', description: 'One VM towards one VIP that it serves.' });

export const compliance = exactly<ComplianceView>()(
  z.object({
    ...headOf,
    counts: z.object({
      paths: count('Paths in all.'),
      exposedNow: count('Paths that fail now: active and not compliant.'),
      compliant: count('Paths with that verdict.'),
      repairable: count('Paths with that verdict.'),
      blocked: count('Paths with that verdict.'),
      unknown: count('Paths with that verdict.'),
    }),
    paths: z.array(compliancePath).describe('In the order of VIPs and VMs.'),
    listed: z.array(code.extend({ id: text('The resource.') })).describe('What is in no path, and why.'),
  }),
).meta({ id: 'Compliance' });

const failing = z
  .array(z.object({ vm: text('VM.'), frontend: text('Frontend.'), vip: text('VIP.') }))
  .describe('Paths that would have to carry connections and are not compliant.');
const sharing = z
  .array(z.object({ vm: text('VM.'), frontends: z.array(z.string()) }))
  .describe('VMs that would be primary for several frontends.');

export const forecast = exactly<ForecastView>()(
  z.object({
    ...headOf,
    now: z
      .array(z.object({ vm: text('VM.'), frontends: z.array(z.string()), failing }))
      .describe('VMs that are primary for several frontends now.'),
    ifLost: z
      .array(
        z.object({
          vm: text('The VM that is lost.'),
          moves: z.array(
            z.object({
              frontend: text('Frontend.'),
              vip: text('VIP.'),
              to: z.array(z.string()).describe('VMs that may take it over.'),
            }),
          ),
          sharing,
          failing,
        }),
      )
      .describe('For each VM that is primary for something; with `vm`, for that one.'),
    ifFailover: z
      .array(
        z.object({
          frontend: text('The frontend that moves.'),
          vip: text('VIP.'),
          to: text('The VM that becomes primary.'),
          sharing,
          failing,
        }),
      )
      .describe('For each frontend with a primary and each other member that runs; with `vm`, those to that one.'),
    cut: z.boolean().describe('True when a list was cut; what is left is where most would fail.'),
  }),
).meta({ id: 'Forecast', description: 'What a failover or the loss of a VM would bring. VMs and frontends by name.' });

const fix = z
  .enum(['none', 'route', 'whole'])
  .describe('What is in the guest. none: nothing. route: the host route alone. whole: all that is planned.');
const works = ['works', 'fails'] as const;

const way = z
  .object({
    fix,
    target: text('The VM that it is sent to; none while no member is healthy.').exactOptional(),
    outcome: z.enum(works),
    steps: z.array(
      z.object({
        direction: z.enum(['there', 'back']),
        state: z.enum(['passes', 'dies']),
        code: z.string().describe(`${Object.keys(TRACE_STEPS).join(', ')}.`),
        text: z.string(),
      }),
    ),
    assumptions: z
      .array(z.object({ code: z.string().describe(`${Object.keys(TRACE_ASSUMPTIONS).join(', ')}.`), text: z.string() }))
      .describe('What is taken for granted because no list shows it.'),
  })
  .meta({ id: 'TraceWay', description: 'One connection, there and back; the last step dies when it fails.' });

export const pathTrace = exactly<PathTraceView>()(
  z.object({
    ...headOf,
    trace: z.object({
      vm: text('Name of the VM.'),
      vip: text('The VIP.'),
      frontend: text('Name of the frontend.'),
      port: z.int().describe('The port on the VIP; none where no TCP rule may be touched.').exactOptional(),
      fix: fix.exactOptional(),
      scenarios: z.array(
        z.object({
          failoverTo: text('The VM that becomes primary; none: now.').exactOptional(),
          outcome: z.enum([...works, 'sometimes', 'unknown']).describe('With the guest as it is known.'),
          asIs: z.array(way),
          withFix: z.array(way).describe('With all that is planned.'),
        }),
      ),
      stopped: z.array(z.string()).describe('Members that cannot take over, since they do not run.'),
    }),
  }),
).meta({ id: 'PathTrace', description: 'What becomes of a connection, now and after each failover.' });

/** What the page draws: the schema is the view's own. */
export const estate = estateSchema as unknown as z.ZodType<EstateView>;
z.globalRegistry.add(estate, { id: 'Estate', description: 'Positions count from 0.' });
