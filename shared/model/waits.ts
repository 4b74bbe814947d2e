/** What a VM waits for in a run: why nothing is sent yet, and what a person does if it lasts. The table in docs/findings.md is made from this. */
import { sentenceOf } from './sentences.ts';

/** Every code with its sentence. */
export const WAITS = {
  VM_BUSY:
    'A command of another run is on this VM, and there is one at a time. It goes on when that one has ended or its time is up.',
  MEMBER_BUSY:
    'Another member of the same mirror is being changed, and members are changed one after another. It goes on when that one has ended.',
  MEMBER_FIRST:
    'Another member of the same mirror, in another subscription, is to be changed before this one: it is primary for less, or a failover names it. It goes on when that one has ended, or after two minutes in which nothing begins there.',
  SUBSCRIPTION_UNREAD:
    'The lists of a subscription that this VM has to do with cannot be read. It goes on when they can; after ten minutes the run ends without, and a later one goes on.',
  COMMAND_LIMIT:
    'As many commands are on their way in this subscription as HAIRPIN_MAX_COMMANDS allows. It goes on when one has ended; raise the setting if sweeps take too long.',
  FAILOVER_PENDING:
    'A failover that concerns this VM is not confirmed by the health probes yet. One command will then serve both; after two minutes it goes on without.',
  AGENT_NOT_READY:
    'The VM changed or started, and its agent does not answer yet. It is looked at every half minute, for 15 minutes; if it lasts, look at the VM agent in the guest.',
  SWEEP_PART:
    'No service in this guest keeps the fix, so every sweep looks at it, and there are many such guests: they are looked at part by part, within 45 minutes. It goes on by itself.',
  RIGHT_MISSING:
    'Azure refused the app’s identity. A new role takes minutes to work, so it is tried once more after five minutes; give the identity the role if it has none.',
  PLAN_CHANGED:
    'What was to be sent was not what this VM should have by now, so it was not sent. It goes on with what holds today.',
  AZURE_CONFLICT:
    'Azure did not take the command because another operation is on the VM. It is tried again; if it lasts, look for an extension or update that hangs on the VM.',
  AZURE_THROTTLED:
    'Azure did not take the command because there were too many calls. It is tried again after the time that Azure named; if it lasts, lower HAIRPIN_MAX_COMMANDS or find who else makes so many calls.',
} as const satisfies Record<string, string>;

export type WaitCode = keyof typeof WAITS;

/** What a code says; for a code of another version of this program what holds for all. */
export const waitText = (code: string): string =>
  sentenceOf(WAITS, code) ?? 'It waits for its turn, and goes on by itself.';
