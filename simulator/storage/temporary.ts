/**
 * Temporary folders that end with their process: at its exit, or, when it was killed, by the next start, which knows
 * them by the process id in their name.
 */
import { rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'ilb-hairpin-guard';
const NAME = new RegExp(`^${PREFIX}\\.(\\d+)\\.[a-z]+-`);

const mine = new Set<string>();

/** A new folder for this process, `<tmp>/ilb-hairpin-guard.<pid>.<purpose>-xxxxxx`. */
export async function temporaryFolder(purpose: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}.${process.pid}.${purpose}-`));
  if (mine.size === 0) process.once('exit', removeMine);
  mine.add(folder);
  return folder;
}

function removeMine(): void {
  for (const folder of mine) rmSync(folder, { recursive: true, force: true });
}

/** Removes this user's folders of processes that are gone. */
export async function removeDeadFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(NAME.exec(name)?.[1] ?? Number.NaN);
    const path = join(tmpdir(), name);
    if (!Number.isNaN(pid) && !isAlive(pid) && (await isOwnFolder(path)))
      await rm(path, { recursive: true, force: true });
  }
}

/** What other users put into a folder for everybody is theirs: not to be followed by root, nor to be stumbled over. */
async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined); // gone in this moment
  return found?.isDirectory() === true && found.uid === (process.getuid?.() ?? found.uid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: alive, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
