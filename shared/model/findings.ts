/**
 * Findings: what is wrong with a path or VM, the sentence for a person, and the verdict each one leads to.
 * Long: it is one table.
 */
import { commandFailureText } from './commandFailures.ts';
import { guestErrorText } from './guestErrors.ts';
import { refusalText } from './refusals.ts';

export type Exposure = 'active' | 'latent' | 'none';
export type Verdict = 'compliant' | 'repairable' | 'blocked' | 'unknown';
export type ProofKind = 'self' | 'remote' | 'none';

/** `unlisted`: there is no path, only a line in the report. `warning`: the path is judged without it. */
export type FindingVerdict = 'blocked' | 'unknown' | 'unlisted' | 'warning';

interface FindingRule {
  verdict: FindingVerdict;
  /**
   * What a person must do, or why nothing is wrong. Placeholders in braces are filled from the finding's params;
   * `{meaning}` is what the table of the finding's inner codes says of its `code`.
   */
  sentence: string;
}

/** Every code, with its verdict and sentence. The table in docs/findings.md is made from this. */
export const FINDINGS = {
  NO_SECONDARY_NIC: {
    verdict: 'blocked',
    sentence:
      'The VM has no NIC outside the backend pool of {vip}. Add one in the same virtual network: check that the VM size allows another NIC, deallocate the backup member first, attach the NIC and start it, fail the mirror over, then do the same on the other member.',
  },
  SECONDARY_NIC_IN_POOL: {
    verdict: 'blocked',
    sentence:
      'Every other NIC of the VM is itself in the backend pool of {vip}, so a connection through it can be sent back as well. Take {nic} out of the pool, or add a NIC that is in no pool of this frontend.',
  },
  SECONDARY_NIC_NOT_READY: {
    verdict: 'blocked',
    sentence: 'The secondary NIC {nic} has no MAC or no IPv4 address yet. Attach it to the VM and start the VM once.',
  },
  SECONDARY_NIC_OTHER_NETWORK: {
    verdict: 'blocked',
    sentence:
      'The secondary NIC {nic} is in another virtual network than {vip}. Attach one in the same virtual network.',
  },
  SECONDARY_NIC_GUESSED: {
    verdict: 'warning',
    sentence:
      'Several NICs of the VM are outside the backend pool of {vip}, none of them in the pool’s subnet and none with the tag {tag}, so {nic} was taken by its name. Put the tag on the one that shall carry the route, the same one on each member.',
  },
  BACKEND_NIC_NOT_READY: {
    verdict: 'blocked',
    sentence: 'The NIC {nic} in the backend pool of {vip} has no MAC or no IPv4 address yet. Start the VM once.',
  },
  CONNECT_FAILED: {
    verdict: 'blocked',
    sentence:
      'Route and reply steering are as planned and a backend is healthy, yet a connect to {vip} fails ({outcome}). Look at firewalls in the guest, network security groups, and whether the superserver listens on {port}.',
  },
  FIREWALL_BLOCKS: {
    verdict: 'blocked',
    sentence:
      'On this VM {where} ends {packet} of a connect to {vip}. No firewall was changed. This lets it pass and opens nothing to others: {rule} - With nftables and iptables, put it into the firewall’s own files too, so that it outlives a reboot. Then run apply by hand.',
  },
  FIREWALL_ELSEWHERE: {
    verdict: 'blocked',
    sentence:
      'A connect to {vip} leaves this VM by the secondary NIC and nothing comes back, while {members} is healthy. A firewall or an allow list there, or a network security group, does not know the via address: let it accept {via} to {addresses}. Then run apply by hand.',
  },
  FIREWALL_MAY_BLOCK: {
    verdict: 'blocked',
    sentence:
      'If the other VM is not at fault, {where} on this VM ends its reply. This lets the reply to a connect to {vip} pass and nothing else: {rule} - No firewall was changed.',
  },
  FIREWALL_NOT_FOUND: {
    verdict: 'blocked',
    sentence:
      'On this VM {packet} of a connect to {vip} is lost, and no rule of a firewall was found that ends it (not readable: {unread}). Look at network security groups between the VM’s own NICs, and at other security software.',
  },
  CONTAINER_ANSWERS: {
    verdict: 'blocked',
    sentence:
      'On this VM a firewall rule hands connects to {vip} to {address}, a container with a published port or another machine. What that answers to this VM itself never passes the load balancer, so this VM cannot reach the VIP while it is primary; others can. Run the instance in the host’s network, or name the containers’ network in a tag of the VM, see docs/linux.md.',
  },
  CONTAINER_TAG_WRONG: {
    verdict: 'blocked',
    sentence:
      'The tag {tag} of the VM names {value} as the network of its containers, and that cannot be served: {why}. Correct the tag or remove it, see docs/linux.md.',
  },
  GUEST_FAILED: {
    verdict: 'blocked',
    sentence: 'The command in the guest ended with {code}: {detail}. {meaning} Run apply by hand to try again at once.',
  },
  COMMAND_FAILED: {
    verdict: 'blocked',
    sentence:
      'The Run Command did not deliver a report ({code}: {detail}). {meaning} Run apply by hand to try again at once.',
  },
  SCRIPT_CONSTRAINED: {
    verdict: 'blocked',
    sentence:
      'PowerShell on this VM gives the script no full language ({id}): an AppLocker or App Control policy does not trust it, so nothing was looked at or changed. Let the policy trust scripts in the folder of the Run Command extension below C:\\Packages\\Plugins, then run apply by hand.',
  },
  SCRIPTS_FORBIDDEN: {
    verdict: 'blocked',
    sentence:
      'An execution policy on this VM lets no script run that is not signed ({id}), so nothing was looked at or changed. Get-ExecutionPolicy -List shows where it is set; the policy “Turn on Script Execution” has to allow local scripts. Then run apply by hand.',
  },
  SCRIPT_CALLED_MALICIOUS: {
    verdict: 'blocked',
    sentence:
      'The antivirus of this VM took the script for malicious ({id}) and stopped it before its first line, so nothing was looked at or changed. Get-MpThreatDetection shows what it found; report it to its maker as a false alarm and allow the script, then run apply by hand.',
  },
  ACCESS_DENIED: {
    verdict: 'blocked',
    sentence:
      'Azure refused {action} ({code}: {text}). {meaning} Sweeps leave the VM alone for a day; run apply by hand to try again at once.',
  },
  AZURE_REFUSES: {
    verdict: 'blocked',
    sentence:
      'Azure refuses {action} for good ({code}: {text}). {meaning} Sweeps leave the VM alone for a day; run apply by hand to try again at once.',
  },
  HEALTH_REFUSED: {
    verdict: 'unknown',
    sentence:
      'Azure refused to tell the health of {vip} ({code}: {text}), so it is not known which member is primary. {meaning} The action is {action}.',
  },
  MEMBER_STUCK: {
    verdict: 'unknown',
    sentence:
      'Another member of {vip} has a command that does not end: {command}. Members are changed one after another, so this VM was left alone. Delete that Run Command in the portal; if it stays, restart the VM agent there.',
  },
  REMOVED_BY_HAND: {
    verdict: 'blocked',
    sentence:
      'The fix was removed from this VM on request and is held back. Run apply by hand for this VM to put it back.',
  },
  RUN_CANCELLED: { verdict: 'unknown', sentence: 'The run was cancelled by {by}: {what}.' },
  COMMAND_STOPPED: {
    verdict: 'unknown',
    sentence:
      'The command was stopped before it ended, because {by} cancelled its run. The VM stays reachable, whatever of it was done; how much that is shows the next look. Run check or apply by hand, or wait for the next sweep.',
  },
  ROLLOUT_HALTED: {
    verdict: 'blocked',
    sentence:
      'A repair on another member of {vip} failed or was stopped, so this member was left alone. Mend that member, or run apply by hand.',
  },
  PRIMARY_NOT_CONFIRMED: {
    verdict: 'blocked',
    sentence:
      'The failover notice named this VM, but the health probe of {vip} did not follow. Look at the mirror and its probe path.',
  },
  ROW_UNUSABLE: {
    verdict: 'blocked',
    sentence:
      'The app’s own row {row} cannot be used: {why} Nothing is changed on the VMs that it is about until it can. Look at the row in the storage account; where nothing of it is needed, delete it, and the app makes it anew.',
  },
  UNSUPPORTED_OS: {
    verdict: 'blocked',
    sentence:
      'The operating system of the VM is not known or too old. Supported are Linux with kernel and iproute2 4.17 or later and Windows Server 2016 or later.',
  },
  AGENT_TOO_OLD: {
    verdict: 'blocked',
    sentence: 'The VM agent {version} cannot run managed commands. Update it.',
  },
  SCALE_SET_INSTANCE: {
    verdict: 'blocked',
    sentence:
      'The VM is an instance of a uniform scale set: its NICs come from the set’s model, Azure lists them nowhere, and none can be added to it alone. A mirror member should be a VM of its own, or one of a flexible scale set.',
  },
  NO_PROBE: {
    verdict: 'blocked',
    sentence:
      'No rule of {vip} has a probe, so the load balancer cannot know the primary. Add a probe on mirror_status.cxw.',
  },
  TOO_MANY_ADDRESSES: {
    verdict: 'blocked',
    sentence:
      'The VM has {count} addresses in the backend pools of {vip}; one path can carry {most}. Take those that are not needed out of the pools.',
  },
  TOO_MANY_FRONTENDS: {
    verdict: 'blocked',
    sentence:
      'The VM is a member of {count} frontends; one command can carry {most}, mirrors inside the scope first, and this one is left out. Spread the mirrors over more VMs, or narrow the scope.',
  },
  UDP_ONLY: {
    verdict: 'blocked',
    sentence: '{vip} has no TCP rule, so no connect can prove the path. Add a TCP rule to the superserver port.',
  },
  NO_SAFE_PORT: {
    verdict: 'blocked',
    sentence:
      'No rule of {vip} is known to lead to a superserver, and a connect to another port could take the place of a single-connection client. Name the port to prove in the tag {tag} of the load balancer.',
  },
  DANGLING_REFERENCE: {
    verdict: 'blocked',
    sentence:
      '{vip} refers to {id}, and Azure lists no such thing. It was deleted or is kept for later, or the app may not read it.',
  },
  SUBSCRIPTION_NOT_CONFIGURED: {
    verdict: 'unlisted',
    sentence:
      '{id} lies in subscription {subscription}, which is not among HAIRPIN_SUBSCRIPTIONS, so nothing is known of it and nothing is done for it. If a mirror is served there, add the subscription, and give the app its roles in it.',
  },
  SUBSCRIPTION_UNREAD: {
    verdict: 'unknown',
    sentence:
      'The lists of subscription {subscription} could not be read ({why}), and {id} lies there. Until they can, what the guest holds for it stays as it is, and the VM is not changed. If it lasts, give the app its roles in that subscription.',
  },
  ADDRESS_INVALID: {
    verdict: 'blocked',
    sentence:
      'Azure gives {value} as an address or MAC of this path. It is none, or not the path’s alone, so nothing is sent into the VM.',
  },
  ADDRESS_PUBLIC: {
    verdict: 'blocked',
    sentence:
      'Azure gives {value} as an address of this path, and it is a public one, so nothing is sent into the VM. If the virtual network has it in its address space, name that network in the setting HAIRPIN_NETWORKS.',
  },
  VM_NOT_RUNNING: { verdict: 'unknown', sentence: 'The VM is {power}. It is looked at again when it runs.' },
  AGENT_NOT_READY: {
    verdict: 'unknown',
    sentence: 'The VM agent is {status}. It is looked at again when it is ready.',
  },
  NO_HEALTHY_BACKEND: {
    verdict: 'unknown',
    sentence:
      'No member of {vip} is known to be healthy, so there is nothing to connect to. It is looked at again when one is.',
  },
  UNHEALTHY_GETS_CONNECTS: {
    verdict: 'unknown',
    sentence:
      'A connect to {vip} failed ({outcome}), and the load balancer also gives connections to a member that no probe saw healthy: its admin state in the pool is Up. So it is not known whose fault it is. Take the admin state away; it is looked at again by the next run.',
  },
  FLOATING_IP: {
    verdict: 'unlisted',
    sentence: '{vip} uses floating IP: the guest owns the address itself, and a hairpin does not pass the wire.',
  },
  OUT_OF_SCOPE: { verdict: 'unlisted', sentence: '{id} is outside the configured scope and is never touched.' },
  NOT_A_MEMBER: {
    verdict: 'unlisted',
    sentence: '{id} is in no backend pool of an internal load balancer in scope. There is nothing to do.',
  },
  VM_NOT_FOUND: {
    verdict: 'unlisted',
    sentence: 'Azure lists no VM {id}. It was deleted, or the app may not read it.',
  },
  OPTED_OUT: {
    verdict: 'unlisted',
    sentence: '{id} carries the opt-out tag and is never touched: what is in the guest stays as it is.',
  },
  LOAD_BALANCER_OUT_OF_SCOPE: {
    verdict: 'unlisted',
    sentence:
      'The VM is also behind {id}, which is outside the configured scope, so nothing is done for the VIPs of that load balancer. To have them served, add it to HAIRPIN_SCOPE, or set HAIRPIN_OUTSIDE_LOAD_BALANCERS to serve.',
  },
  VIP_KEPT: {
    verdict: 'unlisted',
    sentence:
      '{vip} is in the plan of this VM no more ({why}), so what is in the guest for it was left as it is. To take it away, run remove by hand for the VM, and then apply.',
  },
  IPV6_FRONTEND: { verdict: 'unlisted', sentence: '{vip} is an IPv6 frontend, which this program does not handle.' },
} as const satisfies Record<string, FindingRule>;

export type FindingCode = keyof typeof FINDINGS;

/** A finding on a path, VM, NIC or frontend. Params are plain values for the sentence. */
export interface Finding {
  code: FindingCode;
  params: Record<string, string>;
}

/** Makes a finding. */
export const finding = (code: FindingCode, params: Record<string, string> = {}): Finding => ({ code, params });

/** The verdict that a finding's code stands for. */
export const findingVerdict = (code: FindingCode): FindingVerdict => FINDINGS[code].verdict;

/** Findings that carry a code of their own, and what it means. */
const MEANINGS: Partial<Record<FindingCode, (code: string) => string>> = {
  COMMAND_FAILED: commandFailureText,
  GUEST_FAILED: guestErrorText,
  ACCESS_DENIED: refusalText,
  AZURE_REFUSES: refusalText,
  HEALTH_REFUSED: refusalText,
};

/** The sentence of a finding with its params filled in; a missing one shows as its name in braces. */
export function findingText({ code, params }: Finding): string {
  const values = { meaning: MEANINGS[code]?.(params.code ?? ''), ...params };
  return FINDINGS[code].sentence.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name as keyof typeof values] ?? whole) : whole,
  );
}
