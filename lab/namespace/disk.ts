/** A file system is full: what is there stays as it is, the code is clear, and the next apply with room repairs. */
import assert from 'node:assert/strict';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { guard, PI, planOf, shell, snapshot } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { connects, prove } from './recover.ts';
import { articleLab, INSTALLED, VM } from './watcher.ts';

const PLAN = '/etc/ilb-hairpin-guard/plan';
const UNIT = '/etc/systemd/system/ilb-hairpin-guard.service';

/** A small file system at a folder, until it is filled. */
const mount = (folder: string): string => `mkdir -p ${folder}; mount -t tmpfs -o size=256k,mode=755 tmpfs ${folder}`;
const fill = (folder: string): string => `cat /dev/zero >${folder}/filler 2>/dev/null || true`;
const free = (folder: string): string => `rm ${folder}/filler*`;
const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/'));

/** An older version of a file is there, and the new one does not fit. Where it is the plan's, the state stays too. */
async function older(lab: KernelLab, file: string, age: string, plan = planOf(VM)): Promise<string> {
  const folder = folderOf(file);
  await shell(lab, VM, mount(folder));
  await guard(lab, VM, 'apply', plan);
  await shell(lab, VM, `${age}; ${fill(folder)}`);
  const look = async () => `${await shell(lab, VM, `sha256sum ${file}; ls -A ${folder}`)}${await snapshot(lab, VM)}`;
  const before = await look();
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([report.errorCode, report.errorDetail], ['CHANGE_FAILED', `cannot write ${file}`]);
  assert.equal(await look(), before, 'the older file is whole, and nothing beside it');
  await connects(
    lab,
    VM,
    plan.map(({ vip }) => vip),
  );
  return repaired(lab, folder);
}

async function repaired(lab: KernelLab, folder: string): Promise<string> {
  await shell(lab, VM, free(folder));
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.equal(report.errorCode, undefined, report.errorDetail);
  const proof = await prove(lab);
  await guard(lab, VM, 'remove', planOf(VM));
  assert.equal(await shell(lab, VM, `ls -A ${folder}`), '', 'remove leaves nothing');
  return proof;
}

/** Nothing was there before: the state is put in place all the same, and the report says what is missing. */
async function first(lab: KernelLab, file: string): Promise<string> {
  const folder = folderOf(file);
  await shell(lab, VM, `${mount(folder)}; ${fill(folder)}`);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([report.errorCode, report.errorDetail], ['CHANGE_FAILED', `cannot write ${file}`]);
  assert.deepEqual(
    report.paths.map((path) => [path.after.join(), path.proof]),
    [
      ['script-changed', 'self'],
      ['script-changed', 'self'],
    ],
  );
  await connects(lab);
  return repaired(lab, folder);
}

async function memory(lab: KernelLab): Promise<string> {
  const folder = '/run/ilb-hairpin-guard';
  await shell(lab, VM, `${mount(folder)}; ${fill(folder)}`);
  const before = await snapshot(lab, VM);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.equal(report.errorCode, 'ACCESS_DENIED');
  assert.match(report.errorDetail ?? '', /^\/run\/ilb-hairpin-guard\/work/);
  assert.equal(await snapshot(lab, VM), before, 'nothing was changed');
  return repaired(lab, folder);
}

async function noInodes(lab: KernelLab): Promise<string> {
  const folder = '/run/ilb-hairpin-guard';
  await shell(
    lab,
    VM,
    `mkdir -p ${folder}; mount -t tmpfs -o nr_inodes=60 tmpfs ${folder}; i=0; while : >${folder}/filler$i; do i=$((i + 1)); done 2>/dev/null`,
  );
  const before = await snapshot(lab, VM);
  // A lock that nobody holds is not waited for: it would be BUSY after some seconds.
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([report.errorCode, report.errorDetail], ['ACCESS_DENIED', `${folder}/run`]);
  assert.equal(await snapshot(lab, VM), before, 'nothing was changed');
  return repaired(lab, folder);
}

const full = (where: string, run: (lab: KernelLab) => Promise<string>): LabCase => ({
  name: `disk full: ${where}`,
  manager: 'none',
  run: async () => ({ ok: true, detail: `with room again: ${await run(await freshLab(articleLab))}` }),
});

export const diskCases = (): LabCase[] => [
  full('an older script stays', (lab) => older(lab, INSTALLED, `echo '# older' >>${INSTALLED}`)),
  full('an older unit stays', (lab) => older(lab, UNIT, `echo '# older' >>${UNIT}`)),
  full('an older plan stays', (lab) => older(lab, PLAN, ':', planOf(VM, [PI]))),
  full('first apply, no room for the script', (lab) => first(lab, INSTALLED)),
  full('first apply, no room for the plan', (lab) => first(lab, PLAN)),
  full('/run has no room', memory),
  full('/run has no inodes', noInodes),
];
