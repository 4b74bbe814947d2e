/** Control groups of guests. The kernel keeps them when their processes are gone, so a later lab clears them away. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX = 'ilb-hairpin-lab-';

/**
 * The name of a lab that a thread of a process starts. Threads of one process have a lab each, and each clears away its
 * own guests alone.
 */
export const labOf = (pid: number, thread = 0): string => `${pid}.${thread}`;

/** The folders of this process's own control groups, one per hierarchy. */
function ownGroups(): string[] {
  const paths = new Map<string, string>();
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    paths.set(controllers, path);
  }
  const found: string[] = [];
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n')) {
    const [mount = '', source = ''] = line.split(' - ');
    const [type, , options = ''] = source.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    const controllers = type === 'cgroup2' ? '' : options.split(',').slice(1).join(',');
    // A new group of cpuset takes no process before it is given processors.
    if (controllers === 'cpuset') continue;
    const folder = join(mount.split(' ')[4] ?? '', paths.get(controllers) ?? '/');
    if (existsSync(join(folder, 'cgroup.procs'))) found.push(folder);
  }
  return found;
}

/** Makes groups for a guest of a lab, and returns their folders. */
export function makeGroups(lab: string, guest: string): string[] {
  const folders = ownGroups().map((folder) => join(folder, `${PREFIX}${lab}-${guest}`));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  return folders;
}

/** The groups of a lab's guests that are there. */
export function groupsOf(lab: string): string[] {
  return everyGroup()
    .filter((group) => group.lab === lab)
    .map((group) => group.folder);
}

/** The processes that run in a lab's guests. */
export function processesOf(lab: string): number[] {
  return [...new Set(groupsOf(lab).flatMap(processesIn))];
}

function processesIn(folder: string): number[] {
  const own = unlessGone(() => readFileSync(join(folder, 'cgroup.procs'), 'utf8'), '');
  return [...own.trim().split('\n').filter(Boolean).map(Number), ...groupsIn(folder).flatMap(processesIn)];
}

const groupsIn = (folder: string): string[] =>
  unlessGone(() => readdirSync(folder, { withFileTypes: true }), [])
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));

/** A guest that ends takes its groups away while they are read, and another lab may clear the same ones. */
function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (!GONE.includes((error as NodeJS.ErrnoException).code)) throw error;
    return otherwise;
  }
}

/** No such folder any more; a file that was open when its group went. */
const GONE: readonly unknown[] = ['ENOENT', 'ENODEV'];

/** Removes the groups of labs whose process is gone, and of the given one. */
export function clearGroups(lab: string): void {
  for (const group of everyGroup()) {
    if (group.lab === lab || !existsSync(`/proc/${group.pid}`)) removeGroup(group.folder);
  }
}

function everyGroup(): { lab: string; pid: string; folder: string }[] {
  return ownGroups().flatMap((parent) =>
    readdirSync(parent).flatMap((name) => {
      const [, lab, pid] = new RegExp(`^${PREFIX}((\\d+)\\.\\d+)-`).exec(name) ?? [];
      return lab === undefined || pid === undefined ? [] : [{ lab, pid, folder: join(parent, name) }];
    }),
  );
}

function removeGroup(folder: string): void {
  for (const group of groupsIn(folder)) removeGroup(group);
  try {
    unlessGone(() => rmdirSync(folder), undefined);
  } catch (error) {
    // Its last process is still on its way out: the next lab clears it.
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  }
}
