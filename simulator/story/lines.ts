/** What a run says of a VM, in a line. */
import type { RunView } from '../../shared/views/run.ts';

/** `hs-a repaired (8 changes), 10.0.1.100 timeout -> ok (self)`, or `hs-c blocked: NO_SECONDARY_NIC`. */
export function vmLine(vm: RunView['vms'][number]): string {
  const changes = vm.changed > 0 ? ` (${vm.changed} changes)` : '';
  const paths = vm.paths
    .filter((path) => path.after)
    .map((path) => `, ${path.vip} ${path.before?.outcome} -> ${path.after?.outcome} (${path.proof.kind})`);
  const codes = new Set([...vm.findings, ...vm.paths.flatMap((path) => path.findings)].map(codeOf));
  const why = codes.size > 0 ? `: ${[...codes].join(', ')}` : '';
  return `${vm.vm} ${vm.result}${changes}${why}${paths.join('')}`;
}

/** A finding's code, with its text where the guest or its command failed: what happened there is in it alone. */
function codeOf({ code, text }: RunView['vms'][number]['findings'][number]): string {
  return FAILED.has(code) ? `${code} (${text})` : code;
}

const FAILED = new Set(['GUEST_FAILED', 'COMMAND_FAILED']);

/** The kind of proof that a path's exposure asks for. */
const wantedProof = (exposure: string): string => (exposure === 'active' ? 'self' : 'remote');

/** True when every path of a VM is compliant and proved as its exposure asks. */
export const isProved = (vm: RunView['vms'][number]): boolean =>
  vm.paths.every((path) => path.verdict === 'compliant' && path.proof.kind === wantedProof(path.exposure));
