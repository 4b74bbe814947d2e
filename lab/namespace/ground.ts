/** Machines that lack what the script needs: it says so before any change. */
import assert from 'node:assert/strict';
import { renderScript } from '../../shared/guest/render.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { CaseResult, LabCase } from '../case.ts';
import { commandFor, guard, planOf, put, shell, snapshot } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { prove } from './recover.ts';
import { articleLab, VM } from './watcher.ts';

/** What the script says that it uses besides bash. */
const TOOLS =
  /^ +for tool in (.+); do$/m.exec(renderScript('linux', commandFor('check', planOf(VM))))?.[1]?.split(' ') ?? [];

/** Folders of programs with links to the machine's own, so that some can be taken away. */
export const OWN_PROGRAMS = `
for folder in /usr/bin /usr/sbin /bin /sbin; do
  [[ ! -L $folder ]] || continue
  machine=/run/machine/programs$folder
  mkdir -p $machine; mount --rbind $folder $machine
  cp -rs $machine /tmp/links; mount -t tmpfs -o mode=755 tmpfs $folder
  $machine/cp -P /tmp/links/* $folder 2>/dev/null || /run/machine/programs/usr/bin/cp -P /tmp/links/* $folder
  rm -r /tmp/links
done`;
/** Shell text with all programs, for what the case itself does there. */
export const WITH_ALL = 'PATH=/run/machine/programs/usr/bin:/run/machine/programs/bin';
/** The beginning of a loop over these folders. */
export const FOLDERS = 'for folder in /usr/bin /usr/sbin /bin /sbin; do [[ ! -L $folder ]] || continue;';

const missingTools: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, OWN_PROGRAMS);
  assert(TOOLS.length > 10, 'the script has lost its list of tools');
  const before = await snapshot(lab, VM);
  for (const tool of TOOLS) {
    await shell(lab, VM, `${WITH_ALL}; ${FOLDERS} rm -f $folder/${tool}; done`);
    const { report, exitCode } = await guard(lab, VM, 'apply', planOf(VM));
    assert.deepEqual([report.errorCode, report.errorDetail, exitCode], ['TOOL_MISSING', tool, 1]);
    const machine = `/run/machine/programs$folder/${tool}`;
    await shell(lab, VM, `${WITH_ALL}; ${FOLDERS} [[ ! -e ${machine} ]] || ln -s ${machine} $folder/; done`);
  }
  assert.equal(await snapshot(lab, VM), before, 'nothing was changed');
  await guard(lab, VM, 'apply', planOf(VM));
  return { ok: true, detail: `each of ${TOOLS.length} named, nothing changed; with all of them ${await prove(lab)}` };
};

/** Nothing but bash, the tools that are asked for, and ss, which is iproute2's too and makes the proof. */
const bareTools: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(
    lab,
    VM,
    `${OWN_PROGRAMS}
    ${WITH_ALL}
    ${FOLDERS}
      for it in $folder/*; do case " bash sh ss ${TOOLS.join(' ')} " in *" \${it##*/} "*) ;; *) echo "$it" ;; esac; done
    done >/tmp/others
    mapfile -t others </tmp/others; rm -f "\${others[@]}"`,
  );
  for (const mode of ['apply', 'check', 'remove', 'apply'] as const) {
    const { report, stderr } = await guard(lab, VM, mode, planOf(VM));
    assert.deepEqual([report.errorCode, /command not found|No such file/.test(stderr)], [undefined, false], stderr);
  }
  return { ok: true, detail: `bash, ss and ${TOOLS.length} programs; ${await prove(lab)}` };
};

/** Versions by stand-ins before the machine's own on the path: too old ones are found before any change. */
const VERSIONS: ['uname' | 'ip', string, 'UNSUPPORTED_OS' | undefined][] = [
  ['uname', '3.10.0-1160.el7.x86_64', 'UNSUPPORTED_OS'],
  ['uname', '4.16.9', 'UNSUPPORTED_OS'],
  ['uname', '4.18.0-553.el8_10.x86_64', undefined],
  ['uname', '5.3.18-150300.59-default', undefined],
  ['ip', 'ip utility, iproute2-ss170501', 'UNSUPPORTED_OS'],
  ['ip', 'ip utility, iproute2-ss180402', 'UNSUPPORTED_OS'],
  ['ip', 'ip utility, iproute2-ss180813', undefined],
  ['ip', 'ip utility, iproute2-5.18.0', undefined],
  ['ip', 'ip utility, iproute2-6.2.0, libbpf 0.5.0', undefined],
  ['ip', 'BusyBox v1.36', 'UNSUPPORTED_OS'],
];

const oldVersions: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const before = await snapshot(lab, VM);
  for (const [program, says, code] of VERSIONS) {
    const real = (await shell(lab, VM, `type -P ${program}`)).trim();
    const asked = program === 'ip' ? '-V' : '-r';
    const standIn = `#!/bin/bash\n[[ $1 == ${asked} ]] && echo "${says}" && exit\nexec ${real} "$@"\n`;
    await put(lab, VM, `/usr/local/sbin/${program}`, standIn);
    const { report } = await guard(lab, VM, code ? 'apply' : 'check', planOf(VM));
    assert.equal(report.errorCode, code, says);
    await shell(lab, VM, `rm /usr/local/sbin/${program}`);
  }
  assert.equal(await snapshot(lab, VM), before, 'nothing was changed');
  const old = VERSIONS.filter(([, , code]) => code !== undefined).length;
  await guard(lab, VM, 'apply', planOf(VM));
  return { ok: true, detail: `${old} of ${VERSIONS.length} refused and nothing changed; here ${await prove(lab)}` };
};

/** The check of bash's own version comes before anything that an older one could not read. */
const oldBash: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const before = await snapshot(lab, VM);
  const { report } = await guard(lab, VM, 'apply', planOf(VM), (text) => {
    const [check = '', rest = ''] = text.split('\nset +e ');
    assert(rest.includes('main "$@"') && check.includes('< 404'));
    return `${check.replace('< 404', '< 9999')}\nif ((; then what no bash can read\n`;
  });
  assert.equal(report.errorCode, 'UNSUPPORTED_OS');
  assert.match(report.errorDetail ?? '', /^bash \d/);
  assert.equal(await snapshot(lab, VM), before, 'nothing was changed');
  await guard(lab, VM, 'apply', planOf(VM));
  return { ok: true, detail: `told before the rest is read; here ${await prove(lab)}` };
};

/** Administrators name tables and protocols, and iproute2 then shows the names. */
const namedNumbers: LabCase['run'] = async () => namesGiven(await freshLab(articleLab));

/** Before 5.3 ip had no -N, and shows nothing but the names. */
const namedNumbersOld: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const standIn = `#!/bin/bash
for word; do [[ $word != -N ]] || { echo 'Option "-N" is unknown, try "ip -help".' >&2; exit 255; }; done
exec /usr/bin/ip "$@"
`;
  await put(lab, VM, '/usr/local/sbin/ip', standIn);
  return namesGiven(lab);
};

async function namesGiven(lab: KernelLab): Promise<Omit<CaseResult, 'case' | 'manager'>> {
  await shell(
    lab,
    VM,
    `mkdir /tmp/names; cp -rL /etc/iproute2/. /tmp/names 2>/dev/null || true; rm -rf /etc/iproute2; mv /tmp/names /etc/iproute2
    echo 7201 hairpin >>/etc/iproute2/rt_tables; echo 201 guard >>/etc/iproute2/rt_protos
    mkdir -p /etc/iproute2/rt_tables.d; printf '# of this site\\n0x1c22 replies # to the wire\\n' >/etc/iproute2/rt_tables.d/site.conf`,
  );
  const before = await snapshot(lab, VM);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([report.errorCode, report.paths[0]?.after], [undefined, []], report.errorDetail);
  assert.match(await shell(lab, VM, 'ip rule'), /lookup replies proto guard\n(?:.*\n)*.*lookup hairpin proto guard/);
  const proof = await prove(lab);
  await guard(lab, VM, 'remove', planOf(VM));
  assert.equal(await snapshot(lab, VM), before);
  return { ok: true, detail: `known by their numbers, removed byte for byte; ${proof}` };
}

const notRoot: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const before = await snapshot(lab, VM);
  const { report } = await guard(lab, VM, 'apply', planOf(VM), (text) => text.replace('$EUID == 0', '$EUID == 12'));
  assert.deepEqual([report.errorCode, report.errorDetail], ['ACCESS_DENIED', 'not root']);
  assert.equal(await snapshot(lab, VM), before, 'nothing was changed');
  await guard(lab, VM, 'apply', planOf(VM));
  return { ok: true, detail: `ACCESS_DENIED, nothing changed; as root ${await prove(lab)}` };
};

export const groundCases = (): LabCase[] => [
  { name: 'each tool missing in turn', manager: 'none', run: missingTools },
  { name: 'no program but those it asks for', manager: 'none', run: bareTools },
  { name: 'kernels and iproute2 of all ages', manager: 'none', run: oldVersions },
  { name: 'bash that is too old', manager: 'none', run: oldBash },
  { name: 'names given to our table and protocol numbers', manager: 'none', run: namedNumbers },
  { name: 'names given to our numbers, and an ip from before 5.3', manager: 'none', run: namedNumbersOld },
  { name: 'not root', manager: 'none', run: notRoot },
];
