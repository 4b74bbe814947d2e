/**
 * Guests without a kernel: scripts are answered in guard.sh's wire format, and each VM remembers which VIPs it was
 * repaired for. What the scripts really do is tested where there are network stacks.
 */
import type { Estate } from '../../simulator/estate/estate.ts';
import type { ScriptResult } from '../../simulator/guests/lab.ts';
import { type FakeLab, fakeLab, type Ran, result } from '../simulator/arm/fakeLab.ts';

export interface Guests extends FakeLab {
  /** What a VM says in place of its report from now on; undefined: the report again. */
  instead: Map<string, (report: string) => string>;
  /** The commands that reached a VM. */
  commands(vm?: string): Command[];
}

/** What a rendered script asks for. */
export interface Command {
  vm: string;
  id: string;
  mode: string;
  vips: string[];
  script: string;
}

const assigned = (script: string, name: string): string =>
  new RegExp(String.raw`^${name}=\(?(.*?)\)?$`, 'm').exec(script)?.[1] ?? '';

const commandOf = ({ vm, script }: Ran): Command => ({
  vm,
  id: assigned(script, 'COMMAND_ID'),
  mode: assigned(script, 'MODE'),
  vips: assigned(script, 'VIP').split(' ').filter(Boolean),
  script,
});

export function fakeGuests(estate: Estate): Guests {
  const lab = fakeLab(estate);
  const fixed = new Map(estate.vms.map((vm) => [vm.name, new Set<string>()]));
  const mirrorOf = new Map(
    estate.mirrors.map((mirror) => {
      const balancer = estate.loadBalancers.find((item) => item.name === mirror.loadBalancer);
      return [balancer?.frontends.find((item) => item.name === mirror.frontend)?.address ?? '', mirror.name];
    }),
  );
  const primaries = new Map(estate.mirrors.map((mirror) => [mirror.name, mirror.primary]));
  const instead = new Map<string, (report: string) => string>();

  /** One path's entry: index, drift before and after, connect before and after, proof, source. */
  function entry({ vm, mode }: Command, vip: string, index: number): string {
    const known = fixed.get(vm) ?? new Set();
    const own = primaries.get(mirrorOf.get(vip) ?? '') === vm;
    const was = known.has(vip);
    if (mode === 'remove') {
      known.delete(vip);
      return `${index};${was ? 'X' : ''};;n;=;n;`;
    }
    if (mode === 'apply') known.add(vip);
    const is = known.has(vip);
    const connect = (isFixed: boolean): string => (own && !isFixed ? 't2001' : 'o1');
    const ownProof = is ? 's' : 'n';
    const proof = own ? ownProof : 'r';
    return `${index};${was ? '' : 'RYLK'};${is ? '' : 'RYLK'};${connect(was)};${connect(is)};${proof};`;
  }

  function answer(ran: Ran): ScriptResult {
    const command = commandOf(ran);
    const before = fixed.get(command.vm)?.size ?? 0;
    const paths = command.vips.map((vip, index) => entry(command, vip, index));
    const after = fixed.get(command.vm)?.size ?? 0;
    const report = { v: 1, os: 'linux', mode: command.mode, chg: Math.abs(after - before) * 4, p: paths, w: [], k: 1 };
    const text = `looked at ${command.vips.length} VIPs\nILB-HAIRPIN-GUARD ${command.id} ${JSON.stringify(report)}\n`;
    return result(instead.get(command.vm)?.(text) ?? text);
  }

  const { setPrimary } = lab;
  return Object.assign(lab, {
    answer,
    instead,
    commands: (vm?: string) => lab.ran.filter((ran) => vm === undefined || ran.vm === vm).map(commandOf),
    async setPrimary(mirror: string, vm: string | undefined) {
      primaries.set(mirror, vm);
      await setPrimary(mirror, vm);
    },
  });
}
