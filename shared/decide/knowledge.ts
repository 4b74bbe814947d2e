/** What the loop knows of each VM besides Azure's lists, as judge takes it. Pure. */
import type { Survey } from '../evaluate/survey.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { VmKnowledge } from '../model/path.ts';
import type { VmRow } from '../model/rows.ts';
import { seenLook } from './away.ts';
import { type Pass, whyUnusable } from './pass.ts';

/** Knowledge by VM key: of VMs with a row, and of those that a row is about which cannot be used. */
export function knowledgeOf(pass: Pass, survey: Survey): Map<IdKey, VmKnowledge> {
  const knowledge = new Map<IdKey, VmKnowledge>();
  for (const vm of pass.vms.readAll()) knowledge.set(idKey(vm.vmId), knownOf(vm));
  if (pass.seen.unusable.size > 0) addUnusable(pass, survey, knowledge);
  return knowledge;
}

/** What a VM's row says of it. */
export function knownOf(vm: Readonly<VmRow>): VmKnowledge {
  const { proofs, hold, findings } = vm;
  const look = seenLook(vm);
  const known: VmKnowledge = { proofs: look ? proofs : {}, held: hold !== undefined, findings };
  if (look) known.look = look;
  return known;
}

function addUnusable(pass: Pass, survey: Survey, knowledge: Map<IdKey, VmKnowledge>): void {
  const add = (key: IdKey, finding: VmKnowledge['findings'][number]) => {
    const known = knowledge.get(key) ?? { proofs: {}, held: false, findings: [] };
    knowledge.set(key, { ...known, findings: [...known.findings, finding] });
  };
  for (const key of survey.waysOfVm.keys()) {
    const why = whyUnusable(pass, key);
    if (why) add(key, why);
  }
  for (const [key, ways] of survey.waysOfFrontend) {
    const why = whyUnusable(pass, key);
    if (!why) continue;
    for (const { vmKey, vip } of ways) add(vmKey, { ...why, params: { ...why.params, vip } });
  }
}
