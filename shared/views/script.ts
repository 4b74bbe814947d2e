/** The script for a person who runs it on a VM by hand, and how to undo it. */
import { survey } from '../evaluate/survey.ts';
import { renderScript } from '../guest/render.ts';
import { commandIdOf } from '../model/commandId.ts';
import type { EstateReading } from '../model/estateReading.ts';
import { findingText } from '../model/findings.ts';
import type { GuestOs } from '../model/guest.ts';
import { type IdKey, shortName } from '../model/ids.ts';
import type { Scope } from '../model/scope.ts';

export interface ScriptView {
  vm: string;
  os: GuestOs;
  /** A name to keep it under. */
  file: string;
  script: string;
  /** The VIPs that it serves. */
  vips: string[];
  /** What it leaves out, and why. */
  leftOut: { vip: string; text: string }[];
  run: string;
  /** Three commands that take everything back and show that nothing is left. */
  undo: [string, string, string];
}

/** Commands of the app count from 1. */
const BY_HAND = 0;
const LIMITS = { connectSeconds: 3, totalSeconds: 300 };

/** What there is for a VM that the estate has: its script, or why there is none. */
export function scriptFor({ topology }: EstateReading, scope: Scope, vm: IdKey): ScriptView | { refused: string[] } {
  const { waysOfVm, plans, vms } = survey(topology, scope);
  const ways = waysOfVm.get(vm) ?? [];
  const plan = plans.get(vm)?.plan;
  const os = vms.get(vm)?.os;
  const said = ways.flatMap(({ vip, findings }) => findings.map((finding) => ({ vip, text: findingText(finding) })));
  if (!plan || os === undefined || os === 'unknown') return { refused: [...new Set(said.map(({ text }) => text))] };
  const vips = plan.frontends.map(({ vip }) => vip);
  const name = shortName(ways[0]?.member.vmId ?? vm);
  const file = `ilb-hairpin-guard-${name.replace(/[^\w.-]/g, '_')}.${os === 'linux' ? 'sh' : 'ps1'}`;
  const command = { commandId: commandIdOf(vm, BY_HAND), mode: 'apply' as const, plan, limits: LIMITS };
  return {
    vm: name,
    os,
    file,
    script: renderScript(os, command),
    vips,
    leftOut: said.filter(({ vip }) => !vips.includes(vip)),
    ...(os === 'linux' ? linux(file) : windows(file)),
  };
}

const linux = (file: string): Pick<ScriptView, 'run' | 'undo'> => ({
  run: `sudo bash -p ${file}`,
  undo: [
    'sudo /usr/local/sbin/ilb-hairpin-guard remove',
    'ip -4 rule show; ip -4 route show table all proto 201',
    'ls -d /etc/ilb-hairpin-guard /etc/systemd/system/ilb-hairpin-guard.service',
  ],
});

const windows = (file: string): Pick<ScriptView, 'run' | 'undo'> => ({
  run: `powershell -ExecutionPolicy Bypass -File ${file}`,
  undo: [
    `(Get-Content -Raw ${file}).Replace('$Mode = ''apply''', '$Mode = ''remove''') | Set-Content -Encoding utf8 remove.ps1`,
    'powershell -ExecutionPolicy Bypass -File remove.ps1',
    'Get-Item HKLM:\\SOFTWARE\\ilb-hairpin-guard',
  ],
});
