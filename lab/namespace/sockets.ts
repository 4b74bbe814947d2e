/** What the script sees of sockets: by an ss of every age, and what it says where there is none, or one that fails. */
import assert from 'node:assert/strict';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { connectTo, guard, planOf, put, said, shell, UCR, until } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { FOLDERS, OWN_PROGRAMS, WITH_ALL } from './ground.ts';
import { prove } from './recover.ts';
import { articleLab, VM } from './watcher.ts';

const STAND_IN = '/usr/local/sbin/ss';

/** As ss of iproute2 4.15 to 4.18 does: no parenthesis after `or`, and State and Recv-Q without a space between. */
const OLD = `#!/bin/bash
if [[ " $* " == *'or ('* ]]; then echo 'ss: bison bellows (while parsing filter): "syntax error!" Sorry.' >&2; exit 255; fi
set -o pipefail
/usr/bin/ss "$@" | sed -E 's/^([A-Z][A-Z0-9-]*) +/\\1/'
`;

/** What stands for ss, and fails. */
const FAILING: Record<string, string> = {
  'refuses every filter': '#!/bin/bash\necho "ss: syntax error" >&2\nexit 255\n',
  'fails with half an answer': '#!/bin/bash\n/usr/bin/ss "$@" | head -n 1\nexit 1\n',
  'says nothing and calls it done': '#!/bin/bash\nexit 0\n',
  'writes columns that nobody knows': '#!/bin/bash\n/usr/bin/ss "$@" | tr : _\n',
};

/** An application that is bound to the ends of a path, for as long as the shell text after it runs. */
const BOUND = `${process.execPath} -e "require('net').connect({host: '10.0.1.10', port: 1972, localAddress: '10.0.1.11'}).on('error', () => {}); setTimeout(() => {}, 1000000)" >/dev/null 2>&1 </dev/null & echo $! >/tmp/bound.pid
for i in {1..2000}; do [[ -z $(/usr/bin/ss -Htn state established src 10.0.1.11 and dst 10.0.1.10) ]] || break; sleep 0.05; done`;
const UNBOUND = 'kill $(</tmp/bound.pid)';
const WALL = `nft add table inet wall; nft 'add chain inet wall input { type filter hook input priority 0; policy accept; }'
nft add rule inet wall input ip saddr 10.0.1.11 drop`;

/** Moves the primary of one VIP, and waits until the load balancer's probes have it. */
async function primaryAt(lab: KernelLab, vm: string): Promise<void> {
  await lab.setPrimary('UCR', vm);
  await until(`${UCR} to lead to ${vm}`, async () => said(await connectTo(lab, VM, UCR)) === vm);
}

/** Sees all that can be seen: an application that is bound, the proof, and the packet that a firewall ends. */
async function seesAll(lab: KernelLab): Promise<string> {
  await shell(lab, VM, BOUND);
  const bound = await guard(lab, VM, 'check', planOf(VM));
  assert.deepEqual(bound.report.warnings, ['no-systemd', 'bound-sockets']);
  await shell(lab, VM, UNBOUND);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual(
    report.paths.map((path) => path.after.join() + path.connectAfter.outcome + path.proof),
    ['okself', 'okself'],
  );
  await primaryAt(lab, 'vm-b');
  const elsewhere = await guard(lab, VM, 'check', planOf(VM));
  await primaryAt(lab, VM);
  assert.deepEqual(
    elsewhere.report.paths.map(({ proof }) => proof),
    ['remote', 'self'],
  );
  await shell(lab, VM, WALL);
  const lost = await guard(lab, VM, 'check', planOf(VM));
  await shell(lab, VM, 'nft delete table inet wall');
  assert.equal(lost.report.paths[0]?.lost?.packet, 'request-in');
  assert.equal(lost.report.paths[0]?.lost?.places[0]?.where, 'nftables (table inet wall, chain input)');
  return `a bound application, proofs self and remote, a firewall; ${await prove(lab)}`;
}

const old: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await put(lab, VM, STAND_IN, OLD);
  return { ok: true, detail: await seesAll(lab) };
};

/** The fix itself does not need it: it is put in place, connects are made, and what could not be seen is said. */
const failing =
  (standIn: string): LabCase['run'] =>
  async () => {
    const lab = await freshLab(articleLab);
    await put(lab, VM, STAND_IN, standIn);
    const { report } = await guard(lab, VM, 'apply', planOf(VM));
    assert.deepEqual(
      [report.errorCode, ...report.paths.map((path) => path.after.join() + path.connectAfter.outcome + path.proof)],
      [undefined, 'oknone', 'oknone'],
      report.errorDetail,
    );
    assert(report.warnings.includes('sockets-unread'), report.warnings.join());
    assert.equal((await connectTo(lab, VM, UCR)).answer?.split('/')[0], VM);
    await shell(lab, VM, `rm ${STAND_IN}`);
    return { ok: true, detail: `repaired, proof unknown, sockets-unread; with a sound ss ${await prove(lab)}` };
  };

/** No ss at all: the folders of programs have it no more. */
const missing: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, OWN_PROGRAMS);
  await shell(lab, VM, `${WITH_ALL}; ${FOLDERS} rm -f $folder/ss; done`);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual(
    [report.errorCode, ...report.paths.map((path) => path.after.join() + path.connectAfter.outcome + path.proof)],
    [undefined, 'oknone', 'oknone'],
    report.errorDetail,
  );
  assert(report.warnings.includes('sockets-unread'), report.warnings.join());
  await shell(lab, VM, WALL);
  const lost = await guard(lab, VM, 'check', planOf(VM));
  assert.deepEqual(
    lost.report.paths.map(({ connectBefore, lost: where }) => [connectBefore.outcome, where]),
    [
      ['timeout', undefined],
      ['timeout', undefined],
    ],
  );
  assert(lost.report.warnings.includes('sockets-unread'), lost.report.warnings.join());
  const machine = '/run/machine/programs$folder/ss';
  await shell(
    lab,
    VM,
    `nft delete table inet wall; ${FOLDERS} [[ ! -e ${machine} ]] || ln -s ${machine} $folder/; done`,
  );
  return { ok: true, detail: `repaired, proof unknown, sockets-unread; with ss ${await prove(lab)}` };
};

export const socketCases = (): LabCase[] => [
  { name: 'ss as in iproute2 4.15 to 4.18', manager: 'none', run: old },
  { name: 'ss is missing', manager: 'none', run: missing },
  ...Object.entries(FAILING).map(
    ([what, text]): LabCase => ({ name: `ss ${what}`, manager: 'none', run: failing(text) }),
  ),
];
