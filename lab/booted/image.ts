/** The file system that booted guests start from: Debian by debootstrap, made once and kept. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemPath } from '../../simulator/guests/kernel/available.ts';

const run = promisify(execFile);

/** All managers in one image, DHCP server and firewalld too; a guest enables what it runs. */
const PACKAGES = [
  ...['systemd-sysv', 'libpam-systemd', 'dbus', 'iproute2', 'nftables'],
  ...['network-manager', 'netplan.io', 'ifupdown', 'isc-dhcp-client', 'isc-dhcp-server', 'firewalld'],
];

interface Mirror {
  url: string;
  suite: string;
}

/** The first source of packages that apt is set up with. */
async function mirrorOfApt(): Promise<Mirror> {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const { stdout } = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const [url, suite] =
    stdout
      .split('\n')
      .find((line) => / main$/.test(line))
      ?.split(' ') ?? [];
  if (url === undefined || suite === undefined) throw new Error('apt has no source of packages to make an image from');
  return { url, suite };
}

/**
 * The folder of the image, which is made at the first call (a minute or two) and found by later ones and by other
 * processes. It is to be read only: lay an overlay over it. No service is enabled in it. Needs root and debootstrap.
 */
export async function bootedImage(): Promise<string> {
  const { url, suite } = await mirrorOfApt();
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ilb-hairpin-guard');
  await mkdir(cache, { recursive: true });
  const key = createHash('sha256')
    .update([suite, ...PACKAGES].join(' '))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cache, `guest-${suite}-${key}`);
  const script = join(import.meta.dirname, 'image.sh');
  await run('flock', [`${folder}.lock`, '/bin/bash', script, folder, suite, url, PACKAGES.join(',')], {
    env: { ...process.env, PATH: systemPath() },
  });
  return folder;
}
