/** The interfaces that adapters fulfil: what the loop needs of Azure, storage and clock. One to three methods each. */
import type { AzureError } from '../errors.ts';
import type { GuestOs } from './guest.ts';
import type { AgentView, Lock, RouteTable, SecurityGroup, VirtualNetwork, VmSize } from './surroundings.ts';
import type { BackendHealth, Topology } from './topology.ts';

/** Reads a subscription's VMs (with power state), NICs and load balancers by paged lists. */
export interface TopologyReader {
  /** Throws AzureError when a list fails after the SDK's own retries, or when `signal` ends it. */
  read(subscriptionId: string, signal?: AbortSignal): Promise<Topology>;
}

/** What could be read of a subscription: its topology, or what refused its lists, an error per action. */
export interface EstateLists {
  topology?: Topology;
  refused: AzureError[];
}

/** Reads the same lists as {@link TopologyReader} for whoever goes on with a part. Never throws for what Azure answers. */
export interface ListReader {
  read(subscriptionId: string): Promise<EstateLists>;
}

/** One list, or what refused it; with what of it could not be made sense of. */
export interface ListAnswer<T> {
  items: T[];
  notes: { id: string; text: string }[];
  refused?: AzureError;
}

/** Reads what stands around VMs by the lists of a subscription, for an assessment. Never throws for what Azure answers. */
export interface SurroundingsReader {
  networks(subscriptionId: string): Promise<ListAnswer<VirtualNetwork>>;
  securityGroups(subscriptionId: string): Promise<ListAnswer<SecurityGroup>>;
  routeTables(subscriptionId: string): Promise<ListAnswer<RouteTable>>;
  /** Locks of the subscription itself and of everything in it. */
  locks(subscriptionId: string): Promise<ListAnswer<Lock>>;
  /** The sizes of VMs that a region has. */
  sizes(subscriptionId: string, location: string): Promise<ListAnswer<VmSize>>;
}

/** A subscription as a person knows it. */
export interface SubscriptionName {
  /** Lower case. */
  id: string;
  name?: string;
}

/** Lists the subscriptions that the sign-in sees. Throws AzureError. */
export interface SubscriptionReader {
  list(): Promise<SubscriptionName[]>;
}

/** The last command of this program that a VM was given, as Azure holds it. */
export interface LastCommand {
  /** The whole script, with its plan. */
  script: string;
  state: ExecutionState;
  output: string;
  /** Epoch milliseconds; undefined while it has not ended. */
  endedAt?: number;
}

/** Reads what the last command of this program came to: reads a resource, and enters no guest. */
export interface LastCommandReader {
  /** Undefined when this program never gave the VM one. Throws AzureError. */
  read(vmId: string): Promise<LastCommand | undefined>;
}

/** A question about health that Azure has not answered yet. */
export interface HealthUnderWay {
  /** The URL that will answer. */
  location: string;
  /** When Azure would like to be asked again; it may be asked earlier. */
  retryAfterSeconds?: number;
}

/** Asks one load balancing rule for its backends' health. */
export interface RuleHealthReader {
  /**
   * Asks anew, or goes on with the location of an earlier question. Resolves within seconds, with what to go on with
   * where Azure has not answered. Throws AzureError when refused.
   */
  read(ruleId: string, location?: string): Promise<BackendHealth[] | HealthUnderWay>;
}

/** The two fixed names of our managed commands, used in turn only after a cancel. */
export type CommandSlot = 'A' | 'B';

export type ExecutionState = 'Unknown' | 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'TimedOut' | 'Canceled';

/** A managed command as Azure shows it. */
export interface CommandView {
  slot: CommandSlot;
  /** From the script text that Azure holds; undefined for a script that is not ours. */
  commandId?: string;
  /** Azure's name for where the execution is; `Unknown` also for words this program does not know. */
  state: ExecutionState;
  /** What Azure says about the resource itself: `Creating`, `Updating`, `Succeeded`, `Failed`, `Deleting`. */
  provisioningState: string;
  exitCode?: number;
  /** Last 4,096 bytes of each. */
  output: string;
  error: string;
  /** Azure's text when the command could not be run at all. */
  message: string;
  /** As Azure wrote it; only ever compared for equality with an earlier one. */
  startTime?: string;
}

/** One command to send. The script is final: rendered, holding its command id. */
export interface CommandToSend {
  vmId: string;
  location: string;
  os: GuestOs;
  slot: CommandSlot;
  script: string;
  timeoutSeconds: number;
  tags: Record<string, string>;
}

/** Managed Run Command. */
export interface GuestCommands {
  /** What Azure shows of one slot; undefined when the resource is not there. Throws AzureError. */
  look(vmId: string, slot: CommandSlot): Promise<CommandView | undefined>;
  /** PUTs the command and returns once Azure accepted it; never waits for the guest. Throws AzureError. */
  send(command: CommandToSend): Promise<void>;
  /** DELETEs the command, which stops it; accepted is enough. Throws AzureError. */
  cancel(vmId: string, slot: CommandSlot): Promise<void>;
}

/** Reads a VM's instance view. */
export interface AgentReader {
  /** Undefined when the VM is not there. Throws AzureError. */
  read(vmId: string): Promise<AgentView | undefined>;
}

/** Epoch milliseconds. */
export interface Clock {
  now(): number;
}

/** An event to publish, as CloudEvents 1.0 has it. */
export interface OutgoingEvent {
  id: string;
  type: string;
  source: string;
  subject: string;
  time: Date;
  data: unknown;
}

/** Where the app tells others. */
export interface EventsTopic {
  /** Publishes all in one request, within seconds. Throws AzureError. */
  publish(events: readonly OutgoingEvent[]): Promise<void>;
}

/** Puts a bell on the subscription's queue. */
export interface Bell {
  ring(subscriptionId: string, delaySeconds: number): Promise<void>;
}
