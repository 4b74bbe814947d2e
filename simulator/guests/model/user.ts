/** Who runs the programs of modelled guests: never root, so that no script of a guest can change this machine. */
import { spawnSync } from 'node:child_process';

export interface User {
  uid: number;
  gid: number;
}

/** `nobody` on every Linux. */
const NOBODY: User = { uid: 65534, gid: 65534 };

/** The user to change to; undefined where this process is an ordinary user's. Throws when root cannot become another. */
export function programUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { status, error } = spawnSync('true', { ...NOBODY });
  if (status === 0) return NOBODY;
  throw new Error(
    `modelled guests run scripts as an ordinary user, and root cannot become ${NOBODY.uid} here (${error?.message ?? status}): start it as an ordinary user`,
  );
}

/** Throws when the user cannot pass through to a folder, as below a TMPDIR that is root's alone. */
export function checkReach(folder: string, user: User): void {
  if (spawnSync('test', ['-x', folder], { ...user }).status === 0) return;
  throw new Error(
    `modelled guests run scripts as an ordinary user, who cannot get to ${folder}: set TMPDIR to a folder that everybody may pass through, /tmp for example`,
  );
}
