/**
 * What Azure itself has in the way of the fix, and no guest can tell: network security groups, route tables, locks and
 * the like. Codes with what each means and what a person changes. docs/assess.md's table is made from this.
 */

/**
 * `ends`: packets of the path are ended. `forbids`: no command can be run, or no NIC be added. `may-end`: it cannot be
 * told from the lists. `note`: nothing is in the way, and a person should know.
 */
export type PreconditionKind = 'ends' | 'forbids' | 'may-end' | 'note';

interface PreconditionRule {
  kind: PreconditionKind;
  /** Placeholders in braces are filled from the params; `{id}` is the resource or rule that it is about. */
  sentence: string;
}

/** Every code. */
export const PRECONDITIONS = {
  SECURITY_RULE_ENDS: {
    kind: 'ends',
    sentence:
      'A rule of a network security group ends {direction} connections of the fix on {where}: {flows}. The rule is {id}. Change it, or put one ahead of it (its priority is {priority}) that allows {protocol} from {from} to {to} on port {ports}.',
  },
  SECURITY_RULE_ENDS_PROBE: {
    kind: 'ends',
    sentence:
      'A rule of a network security group ends the load balancer’s probe on {where}: {flows}. The member is then never healthy, and nobody reaches the VIP while it is primary. The rule is {id}. Change it, or put one ahead of it (its priority is {priority}) that allows the service tag AzureLoadBalancer to {to} on port {ports}.',
  },
  SECURITY_RULE_UNSURE: {
    kind: 'may-end',
    sentence:
      'Whether a rule of a network security group ends {direction} connections on {where} cannot be told: {flows}. {why} The rule is {id}. To be sure, put one ahead of it that allows {protocol} from {from} to {to} on port {ports}.',
  },
  HA_PORTS_ENDED: {
    kind: 'may-end',
    sentence:
      'The load balancer’s rule is for all ports (HA ports), and on {where} a network security group ends, or may end, {direction} connections of the fix on these: {ports}. The port that is proved is told by itself; which of the others a program needs is in no list. The group is {id}. Allow {from} to {to} on those that are needed.',
  },
  ROUTE_ENDS: {
    kind: 'ends',
    sentence:
      'The route table of {where} leads what is sent from there to {to} out of the virtual network (next hop {hop}), so it never arrives. The route is {id}. Take it away, or add a route for {to}/32 with the next hop Virtual network.',
  },
  ROUTE_BENDS: {
    kind: 'may-end',
    sentence:
      'The route table of {where} leads what is sent from there to {to} through another machine (next hop {hop}): whether that passes it on, and lets an answer pass that comes another way, cannot be told. The route is {id}. A route for {to}/32 with the next hop Virtual network leads past it.',
  },
  IP_FORWARDING: {
    kind: 'note',
    sentence:
      'IP forwarding is on at the NIC {id}. The fix needs it on no NIC. With it Azure lets packets leave there whose source is not the NIC’s: if the VM passes nothing on for others, turn it off.',
  },
  SIZE_TAKES_NO_NIC: {
    kind: 'forbids',
    sentence:
      'The VM has no NIC for the fix, and its size {size} takes no more than the {count} that it has ({id}). Resize it to one that takes more, while it is deallocated, and attach the NIC then.',
  },
  LOCK_FORBIDS_COMMANDS: {
    kind: 'forbids',
    sentence:
      'A ReadOnly lock on {scope} forbids Run Command on the VM, so the app can neither look into it nor repair it. The lock is {id}. Remove it, or put a CanNotDelete lock in its place, or run the script of --script by hand.',
  },
  LOCK_FORBIDS_HEALTH: {
    kind: 'note',
    sentence:
      'A ReadOnly lock on {scope} also forbids the question about rule health, which is a POST: who is primary is then not told. The lock is {id}. A CanNotDelete lock lets it pass.',
  },
  LOCK_KEEPS_COMMANDS: {
    kind: 'note',
    sentence:
      'A CanNotDelete lock on {scope} lets commands run and be changed, but not be taken away: one that hangs can only be waited for, and what the app put on the VM stays there as a resource. The lock is {id}.',
  },
  EXTENSIONS_FORBIDDEN: {
    kind: 'forbids',
    sentence:
      'The VM {id} does not allow extension operations, and Run Command is one. Set osProfile.allowExtensionOperations of the VM to true, and see that its agent is installed.',
  },
  AGENT_NOT_INSTALLED: {
    kind: 'forbids',
    sentence:
      'The VM {id} was made without the VM agent (provisionVMAgent is false), and none reports itself: nothing can be run there. Install the agent in the guest, and set osProfile.allowExtensionOperations to true.',
  },
  AGENT_TOO_OLD: {
    kind: 'forbids',
    sentence: 'The agent {version} of the VM {id} cannot run managed commands. Update it in the guest.',
  },
  AGENT_NOT_READY: {
    kind: 'forbids',
    sentence:
      'The agent of the running VM {id} is {status}, so no command reaches it. Look at the agent in the guest, and at its way to 168.63.129.16.',
  },
} as const satisfies Record<string, PreconditionRule>;

export type PreconditionCode = keyof typeof PRECONDITIONS;

/** One of them, found on a path. */
export interface Precondition {
  code: PreconditionCode;
  /** The rule, route, lock, NIC or VM that it is about. */
  id: string;
  params: Record<string, string>;
}

export const precondition = (
  code: PreconditionCode,
  id: string,
  params: Record<string, string> = {},
): Precondition => ({ code, id, params });

export const preconditionKind = (code: PreconditionCode): PreconditionKind => PRECONDITIONS[code].kind;

/** The sentence for a person. */
export function preconditionText({ code, id, params }: Precondition): string {
  const values: Record<string, string> = { ...params, id };
  return PRECONDITIONS[code].sentence.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
}
