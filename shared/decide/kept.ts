/**
 * VIPs that left a VM's plan and stay in its guest: one list that lacks a load balancer, or a tag, takes no working route
 * away. A VIP goes when its frontend was listed without the VM in two readings, or by remove. Pure.
 */
import { namePlan } from '../evaluate/planHash.ts';
import type { Survey } from '../evaluate/survey.ts';
import { compareAddresses } from '../model/address.ts';
import { type Finding, finding } from '../model/findings.ts';
import type { GuestReport } from '../model/guest.ts';
import { type IdKey, idKey, isKeyWithin } from '../model/ids.ts';
import type { ListedFinding, NamedPlan } from '../model/path.ts';
import type { CommandRow, PlacedFrontend, VmRow } from '../model/rows.ts';
import type { Pass } from './pass.ts';

/** Two readings lie at least so far apart, milliseconds: two within a pass may be of one list. */
const READINGS_APART_MS = 60_000;

/** What of a VM's guest is in no plan of today, and is left there. */
function keptOf(survey: Survey, vm: Readonly<VmRow>, named: NamedPlan, now: number): readonly PlacedFrontend[] {
  const planned = new Set(named.plan.frontends.map(({ vip }) => vip));
  return (vm.placed ?? []).filter((placed) => !planned.has(placed.planned.vip) && !isGone(survey, vm, placed, now));
}

function isGone(survey: Survey, vm: Readonly<VmRow>, placed: PlacedFrontend, now: number): boolean {
  const { absentSince } = placed;
  return absentSince !== undefined && now - absentSince >= READINGS_APART_MS && isAbsent(survey, vm, placed);
}

const isAbsent = (survey: Survey, { vmId }: Readonly<VmRow>, { frontendId }: PlacedFrontend): boolean =>
  frontendId !== undefined && survey.isListedWithout(idKey(frontendId), idKey(vmId));

/** The survey with what stays in guests added to their plans, and said of their VMs. */
export function withKept(survey: Survey, vms: Iterable<Readonly<VmRow>>, now: number): Survey {
  const plans = new Map<IdKey, NamedPlan>();
  const listed: ListedFinding[] = [];
  for (const vm of vms) {
    if (!vm.placed) continue;
    const key = idKey(vm.vmId);
    const named = survey.plans.get(key);
    const kept = named ? keptOf(survey, vm, named, now) : [];
    if (!named || kept.length === 0) continue;
    const frontends = [...named.plan.frontends, ...kept.map(({ planned }) => ({ ...planned, kept: true as const }))];
    frontends.sort((a, b) => compareAddresses(a.vip, b.vip));
    plans.set(key, namePlan({ ...named.plan, frontends }));
    for (const placed of kept) listed.push({ id: vm.vmId, finding: saidOf(survey, vm, placed) });
  }
  if (plans.size === 0) return survey;
  return { ...survey, plans: new Map([...survey.plans, ...plans]), listed: [...survey.listed, ...listed] };
}

function saidOf(survey: Survey, vm: Readonly<VmRow>, placed: PlacedFrontend): Finding {
  return finding('VIP_KEPT', { vip: placed.planned.vip, why: whyKept(survey, vm, placed) });
}

function whyKept(survey: Survey, vm: Readonly<VmRow>, { frontendId, absentSince }: PlacedFrontend): string {
  if (absentSince !== undefined) return 'its frontend was listed without this VM once; the next reading decides';
  const key = idKey(frontendId ?? '');
  if (survey.waysOfVm.get(idKey(vm.vmId))?.some((way) => way.frontendKey === key)) return 'its path is blocked';
  const optedOut = survey.listed.some(
    ({ id, finding: said }) =>
      said.code === 'OPTED_OUT' && (id === vm.vmId || (frontendId !== undefined && isKeyWithin(key, idKey(id)))),
  );
  return optedOut
    ? 'its load balancer or NIC is opted out'
    : 'its load balancer is not listed, or not served by this program any more';
}

/** Notes on VMs' rows since when a VIP's frontend is listed without the VM. To be called once a pass. */
export function noteAbsent(pass: Pass, survey: Survey): void {
  for (const vm of pass.vms.readAll()) {
    for (const [index, placed] of (vm.placed ?? []).entries()) {
      const isOut = isAbsent(survey, vm, placed);
      if (isOut === (placed.absentSince !== undefined)) continue;
      const own = pass.vms.get(idKey(vm.vmId))?.placed?.[index];
      if (!own) continue;
      if (isOut) own.absentSince = pass.now;
      else delete own.absentSince;
    }
  }
}

/**
 * What the guest holds after a report: what was found or put there as planned. What the plan lacks is gone after an apply
 * without an error, and is still there after anything else.
 */
export function placedAfter(vm: Readonly<VmRow>, command: CommandRow, report: GuestReport): PlacedFrontend[] {
  const before = new Map((vm.placed ?? []).map((placed) => [placed.planned.vip, placed]));
  const right = new Set(report.paths.filter(({ after }) => after.length === 0).map(({ vip }) => vip));
  const now: PlacedFrontend[] = [];
  for (const [index, { kept, ...planned }] of command.plan.frontends.entries()) {
    const earlier = before.get(planned.vip);
    before.delete(planned.vip);
    if (kept || !right.has(planned.vip)) {
      if (earlier) now.push(earlier);
      continue;
    }
    const frontendId = command.frontendIds?.[index] ?? earlier?.frontendId;
    now.push(frontendId === undefined ? { planned } : { frontendId, planned });
  }
  const isCleared = command.mode === 'apply' && report.errorCode === undefined;
  return isCleared ? now : [...now, ...before.values()];
}

/** The ids of a plan's frontends, in its order; null for one that is not known. */
export function frontendIdsOf(
  survey: Survey,
  key: IdKey,
  vm: Readonly<VmRow> | undefined,
  { frontends }: NamedPlan['plan'],
): (string | null)[] {
  const ids = new Map<string, string>();
  for (const { planned, frontendId } of vm?.placed ?? []) if (frontendId) ids.set(planned.vip, frontendId);
  for (const { vip, frontend } of survey.waysOfVm.get(key) ?? []) ids.set(vip, frontend.frontend.id);
  return frontends.map(({ vip }) => ids.get(vip) ?? null);
}
