/** VMs with several addresses behind one frontend, and what comes of the lists that ARM gives of them. */
import type { ExecutionContext } from 'ava';
import { createTopologyReader } from '../../../shared/azure/topology.ts';
import { planHash } from '../../../shared/evaluate/planHash.ts';
import type { GuestPlan, GuestReport } from '../../../shared/model/guest.ts';
import { type IdKey, idKey } from '../../../shared/model/ids.ts';
import type { Path, VmKnowledge } from '../../../shared/model/path.ts';
import type { BackendHealth } from '../../../shared/model/topology.ts';
import type { Estate } from '../../../simulator/estate/estate.ts';
import { frontendId, vmId } from '../../../simulator/estate/ids.ts';
import { SCOPE } from '../../helpers/estate.ts';
import { evaluate } from '../../helpers/evaluate.ts';
import { withArm } from '../arm/withArm.ts';
import { twoAddressesEstate, twoPoolNicsEstate, twoPoolsEstate } from './estates.ts';

export const UCR = '10.0.1.100';
export interface AddressCase {
  what: string;
  estate: (change?: (estate: Estate) => void) => Estate;
  backends: string[];
  via: string;
  /** UCR's ports, and the end behind each address and port. */
  ports: number[];
  ends: string[];
}

export const ADDRESS_CASES: AddressCase[] = [
  {
    what: 'two addresses in one pool',
    estate: twoAddressesEstate,
    backends: ['10.0.1.10', '10.0.1.12'],
    via: '10.0.1.11',
    ports: [1972],
    ends: ['10.0.1.10:1972', '10.0.1.12:1972'],
  },
  {
    what: 'two rules with a pool each',
    estate: twoPoolsEstate,
    backends: ['10.0.1.10', '10.0.1.12'],
    via: '10.0.1.11',
    ports: [1972, 57772],
    ends: ['10.0.1.10:1972', '10.0.1.12:57772'],
  },
  {
    what: 'two NICs in one pool and a third outside it',
    estate: twoPoolNicsEstate,
    backends: ['10.0.1.10', '10.0.1.11'],
    via: '10.0.1.13',
    ports: [1972],
    ends: ['10.0.1.10:1972', '10.0.1.11:1972'],
  },
];

/** vm-a's path towards UCR as the lists, the health of its rule and a report make it, and the VM's plan. */
export async function judged(
  t: ExecutionContext,
  estate: Estate,
  backends: BackendHealth[],
  heard?: { plan: GuestPlan; report: GuestReport },
): Promise<{ path: Path; plan: GuestPlan }> {
  const { clients } = await withArm(t, {}, estate);
  const topology = await createTopologyReader(clients).read(estate.subscriptionId);
  const now = Date.now();
  const ucr = frontendId(estate, 'lb', 'ucr');
  const vm = idKey(vmId(estate, 'vm-a'));
  const evaluation = evaluate({
    topology,
    health: new Map([[idKey(ucr), { frontendId: ucr, state: 'known', backends, at: now }]]),
    knowledge: new Map<IdKey, VmKnowledge>(heard ? [[vm, knowing(heard.plan, heard.report, now)]] : []),
    scope: { ...SCOPE, subscriptionIds: [estate.subscriptionId] },
    now,
  });
  const path = evaluation.pathsOfVm.get(vm)?.find(({ vip }) => vip === UCR);
  const plan = evaluation.plans.get(vm)?.plan;
  if (!path || !plan) throw new Error('vm-a has no path to UCR, or no plan');
  return { path, plan };
}

function knowing(plan: GuestPlan, report: GuestReport, at: number): VmKnowledge {
  const proofs = report.paths.map(({ vip, proof, accepted }) => [
    vip,
    { kind: proof, at, ...(accepted && { seen: [{ ...accepted, at }] }) },
  ]);
  const look = { at, planHash: planHash(plan), report };
  return { look, proofs: Object.fromEntries(proofs), held: false, findings: [] };
}
