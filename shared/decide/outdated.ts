/** Whether a command that was meant earlier is still what should be done: asked again right before it is sent. Pure. */
import { planHash } from '../evaluate/planHash.ts';
import type { Survey } from '../evaluate/survey.ts';
import { isAudited } from '../evaluate/touchable.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { LoopSettings } from '../model/settings.ts';
import type { InFlight } from './endings.ts';
import type { Pass } from './pass.ts';

/** True for a VM of which everything is only reported. */
export const isReportedOnly = ({ enforcement, scope }: LoopSettings, survey: Survey, key: IdKey): boolean =>
  enforcement === 'audit' || isAudited(survey.vms.get(key)?.tags ?? {}, scope);

/**
 * Why a command on a VM's row is not to be sent by what Azure lists today: scope, opt-out, audit, a hold, and the plan.
 * Undefined while it is. A row may be older than a tag, and others may write the table too.
 */
export function whyOutdated(
  { settings }: Pick<Pass, 'settings'>,
  survey: Survey,
  { vm, command }: InFlight,
): string | undefined {
  const key = idKey(vm.vmId);
  if (!survey.waysOfVm.has(key)) return 'the VM is opted out, out of scope, or no member of a frontend any more';
  if (command.mode !== 'check' && isReportedOnly(settings, survey, key)) return 'the VM is only reported by now';
  if (command.mode === 'apply' && vm.hold) return 'the fix was removed from the VM by hand meanwhile';
  const named = survey.plans.get(key);
  const today = named?.hash ?? (command.mode === 'remove' ? planHash({ frontends: [] }) : undefined);
  return planHash(command.plan) === today ? undefined : 'its plan is not the one that the VM should have by now';
}
