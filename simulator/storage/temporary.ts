/**
 * Temporary folders that carry the process id of their owner in the name, so that what a killed run left behind
 * is removed by the next start.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'ilb-hairpin-guard';
const NAME = new RegExp(`^${PREFIX}\\.(\\d+)\\.[a-z]+-`);

/** A new folder for this process, `<tmp>/ilb-hairpin-guard.<pid>.<purpose>-xxxxxx`. */
export function temporaryFolder(purpose: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `${PREFIX}.${process.pid}.${purpose}-`));
}

/** Removes the folders of processes that are gone. */
export async function removeDeadFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(NAME.exec(name)?.[1] ?? Number.NaN);
    if (!Number.isNaN(pid) && !isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
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
