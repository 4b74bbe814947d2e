/** Why a command gave no report: what happened, and what a person does. The table in docs/findings.md is made from this. */
import type { ErrorCode } from '../errors.ts';
import { sentenceOf } from './sentences.ts';

/** Errors of this program that can end a command. */
type FailingError = Extract<ErrorCode, `AZURE_${string}` | `REPORT_${string}` | 'PLAN_INVALID'>;

/** Every code with its sentence. */
export const COMMAND_FAILURES = {
  COMMAND_NOT_SEEN: 'Azure did not say what is on the VM, so nothing was sent. Look at the message.',
  COMMAND_OUTDATED:
    'Between two looks, scope, tags, a hold or the plan of the VM changed, so what was meant before was not sent. The next run goes by what holds then.',
  COMMAND_SLOT_BUSY:
    'An earlier command under the same name did not end, and is never overtaken. Delete the Run Command ilbHairpinGuard-A or -B of the VM in the portal.',
  COMMAND_NOT_ACCEPTED:
    'Azure took the command and never showed it. Look at the VM’s activity log for who removes Run Commands, a policy for example.',
  COMMAND_NOT_RUN:
    'Azure has the command, and the VM agent could not run it. Look at the agent and at its extension RunCommandHandler in the guest.',
  COMMAND_STUCK:
    'The command did not end in its time, was cancelled, and does not end. Nothing more is sent to the VM meanwhile, nor to the other members of its mirrors. Delete that Run Command in the portal; if it stays, restart the VM agent.',
  COMMAND_TIMED_OUT:
    'The command did not end in its time, and was stopped. Look for load on the VM; raise HAIRPIN_COMMAND_SECONDS or HAIRPIN_COMMAND_SLACK_SECONDS if commands are slow there.',
  COMMAND_NOT_STARTED: 'Azure still showed the run before this one when the time was up. Look at the VM agent.',
  COMMAND_CANCELED:
    'The command was stopped before it ended. Look in the VM’s activity log for who stopped it, if it was not this program.',
  VM_GONE: 'The VM was deleted meanwhile, or the app may not read it any more. Nothing to do if it is gone.',
  RUN_EXPIRED: 'The run was open for longer than it may be. Look at what it waited for.',
  DEAD_LETTER:
    'The app failed on this signal five times. Look for errors of the function reconcile in its log, then retry the run.',
  REPORT_MISSING:
    'The script ended without its report. Look at the command’s output in the portal: it did not start, or was killed.',
  REPORT_CUT:
    'The report ends in the middle of its line. Look at the command’s output in the portal: the script was killed.',
  REPORT_INVALID:
    'The report is not one that this program writes. Look at the command’s output in the portal, and for a program in the guest that changes it.',
  REPORT_OF_ANOTHER_RUN: 'Azure showed the report of another command until the time was up. Look at the VM agent.',
  PLAN_INVALID:
    'The plan held something that is never put into a script, so nothing was sent. Report this with the detail.',
  AZURE_DENIED:
    'Azure refused the app’s identity. Give it a role with this action, and look whether its sign-in works.',
  AZURE_NOT_FOUND: 'Azure does not know the resource any more. Nothing to do if it was deleted.',
  AZURE_CONFLICT:
    'Another operation was on the VM until the time was up. Look for an extension or update that hangs there.',
  AZURE_THROTTLED:
    'Azure took no more calls until the time was up. Lower HAIRPIN_MAX_COMMANDS, or find who else makes so many calls.',
  AZURE_UNREACHABLE: 'Azure Resource Manager did not answer. Check the app’s network path to it.',
  AZURE_FAILED: 'Azure answered with an error. Look at the message, and at Azure’s health in the region.',
} as const satisfies Record<string, string> & Record<FailingError, string>;

export type CommandFailureCode = keyof typeof COMMAND_FAILURES;

/** What a code says; for a code of another version of this program what holds for all. */
export const commandFailureText = (code: string): string =>
  sentenceOf(COMMAND_FAILURES, code) ?? 'Look at the VM agent and at the command in the portal.';
