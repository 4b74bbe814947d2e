/** The estate document: the shape of `GET /api/estate`, which the page draws. Times are ISO 8601 in UTC. */
import * as z from 'zod/mini';

/**
 * What a path is, in one word, worst first. `failing`: connections come back to their own VM now and fail. `exposed`: they
 * would after a failover, and the app can mend it. `blocked`: they would, and a person must act. `unknown`: nobody knows
 * the guest. `set`: as planned, and not yet proved through itself. `proved`: a connect came back to the VM itself and worked.
 * `safe`: a person holds the member down, so nothing comes back to it.
 */
export const PATH_STATES = ['failing', 'blocked', 'exposed', 'unknown', 'set', 'proved', 'safe'] as const;
export type PathWord = (typeof PATH_STATES)[number];

const count = z.number();
const time = z.string();

const pathSchema = z.object({
  /** Position in the group's `frontends`. */
  frontend: count,
  state: z.enum(PATH_STATES),
  exposure: z.enum(['active', 'latent', 'none']),
  /** Of the member's own flows, the part that comes back to it, where that is neither none nor all. */
  share: z.optional(z.number()),
  verdict: z.enum(['compliant', 'repairable', 'blocked', 'unknown']),
  /** Since when exposure and verdict are so; not there where that is not known. */
  since: z.optional(time),
  /** They were so when the path was first seen: it may stand so for longer. */
  sinceFirstSeen: z.optional(z.literal(true)),
  /** How it was proved last; `saw`: the own addresses and ports that connects came back to. */
  proof: z.object({
    kind: z.enum(['self', 'remote', 'none']),
    at: z.optional(time),
    saw: z.optional(z.array(z.string())),
  }),
  /** Own addresses and ports that are set like the others, and not proved. */
  notProved: z.optional(z.array(z.string())),
  backends: z.array(z.string()),
  via: z.optional(z.string()),
  port: z.optional(count),
  /** Positions in the document's `findings`. */
  findings: z.array(count),
});

const nicSchema = z.object({
  name: z.string(),
  addresses: z.array(z.string()),
  /** It is in a backend pool of the group, carries the routes, or neither. */
  role: z.enum(['pool', 'via', 'other']),
});

const lossSchema = z.object({
  /** Frontends that are primary on the VM, with the members that may take each over: positions in the group. */
  moves: z.array(z.object({ frontend: count, to: z.array(count) })),
  /** Members that would be primary for several. */
  sharing: z.array(z.object({ vm: count, frontends: z.array(count) })),
  /** Paths that would then have to carry connections and are not known to. */
  failing: z.array(z.object({ vm: count, frontend: count })),
});

const vmSchema = z.object({
  id: z.string(),
  name: z.string(),
  os: z.string(),
  power: z.string(),
  nics: z.array(nicSchema),
  /** In the order of their frontends; a frontend that the VM is no member of has none. */
  paths: z.array(pathSchema),
  /** A command is on its way or in the guest. */
  command: z.optional(z.object({ mode: z.string(), since: time })),
  /** `remove` was asked for: nothing is put there until a person asks. */
  held: z.optional(z.boolean()),
  /** What comes of it if this VM is lost, where it is primary for something. */
  ifLost: z.optional(lossSchema),
});

const frontendSchema = z.object({
  id: z.string(),
  name: z.string(),
  vip: z.string(),
  loadBalancer: z.string(),
  mirror: z.boolean(),
  port: z.optional(count),
  /** The VM that is primary now: a position in the group's `vms`. */
  primary: z.optional(count),
  primarySince: z.optional(time),
  healthKnown: z.boolean(),
  healthAt: z.optional(time),
  /** Members that are healthy: positions in the group's `vms`. */
  healthy: z.array(count),
  /** Rollout stands still here after a failed apply on this VM. */
  halted: z.optional(z.object({ vm: z.string(), run: z.string(), at: time })),
});

/** Frontends and VMs that are joined by paths. */
const groupSchema = z.object({
  loadBalancers: z.array(z.object({ id: z.string(), name: z.string() })),
  /** Its worst path's. */
  state: z.enum(PATH_STATES),
  frontends: z.array(frontendSchema),
  vms: z.array(vmSchema),
});

export const estateSchema = z.object({
  schema: z.literal(1),
  /** When rows were read. */
  asOf: time,
  /** When Azure's lists were read. */
  listedAt: time,
  enforcement: z.enum(['enforce', 'audit']),
  counts: z.object({
    vms: count,
    frontends: count,
    mirrors: count,
    paths: count,
    states: z.record(z.enum(PATH_STATES), count),
  }),
  /** Worst first. */
  groups: z.array(groupSchema),
  /** What is said of paths; each sentence once. */
  findings: z.array(z.object({ code: z.string(), verdict: z.string(), text: z.string() })),
  /** What is in no path, and why. */
  listed: z.array(z.object({ id: z.string(), code: z.string(), text: z.string() })),
  /** Subscriptions whose lists cannot be read at present, in Azure's words. */
  unread: z.array(z.object({ id: z.string(), code: z.string(), text: z.string(), action: z.string() })),
  /** Rows of the app's own that cannot be read: VMs or frontends of which it knows nothing. */
  unreadable: z.array(z.object({ code: z.string(), text: z.string() })),
  /** The forecast was cut: only where most would fail is told. */
  forecastCut: z.boolean(),
});

export type EstateView = z.infer<typeof estateSchema>;
export type GroupView = EstateView['groups'][number];
export type FrontendEntry = GroupView['frontends'][number];
export type VmEntry = GroupView['vms'][number];
export type PathEntry = VmEntry['paths'][number];
export type LossEntry = NonNullable<VmEntry['ifLost']>;
