/** Whether this machine can run a kernel lab, and how to get what it lacks. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, sep } from 'node:path';

export interface Missing {
  what: string;
  howTo: string;
}

/**
 * The PATH of the lab's own processes: administrators' folders too, which an ordinary user's PATH lacks, and none of
 * npm's, which puts node_modules/.bin first: a package there brings another program named nft.
 */
export const systemPath = (path = process.env.PATH ?? ''): string =>
  [
    ...['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'],
    ...path.split(delimiter).filter((folder) => !folder.split(sep).includes('node_modules')),
  ].join(delimiter);

const PROGRAMS: { programs: string[]; package: { apt: string; dnf: string } }[] = [
  { programs: ['ip', 'ss'], package: { apt: 'iproute2', dnf: 'iproute' } },
  { programs: ['nft'], package: { apt: 'nftables', dnf: 'nftables' } },
  { programs: ['unshare', 'setpriv', 'mount', 'pivot_root'], package: { apt: 'util-linux mount', dnf: 'util-linux' } },
  { programs: ['bash'], package: { apt: 'bash', dnf: 'bash' } },
];

/** The flags of `unshare`: one set of namespaces for the whole lab, the same for root and an ordinary user. */
export const namespaceFlags = (): string[] => [
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  ...['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'],
];

/** What the kernel must let a lab do: file systems, network namespaces, veth pairs, translation by nftables. */
const REHEARSAL = `
mount --make-rprivate / && mount -t tmpfs tmpfs /run && ip netns add g && ip link add v0 type veth peer name eth0 netns g &&
nft 'add table ip t; add chain ip t c { type nat hook prerouting priority -100; }; add rule ip t c ip daddr 10.0.0.1 tcp dport 1 dnat to 10.0.0.2:1'`;

/** Looks for every program a lab runs, then rehearses its kernel calls in namespaces of their own (some 30 ms). */
export function kernelLabAvailable(path = systemPath()): { ok: true } | { ok: false; missing: Missing[] } {
  if (process.platform !== 'linux')
    return { ok: false, missing: [{ what: 'Linux', howTo: 'Run it on Linux, in WSL 2 or in a virtual machine.' }] };
  const missing = PROGRAMS.flatMap(({ programs, package: { apt, dnf } }) => {
    const lacking = programs.filter((name) => !hasProgram(name, path));
    return lacking.length === 0
      ? []
      : [
          {
            what: `${lacking.length === 1 ? 'the program' : 'the programs'} ${lacking.join(', ')}`,
            howTo: `apt-get install ${apt}, or dnf install ${dnf}`,
          },
        ];
  });
  if (missing.length > 0) return { ok: false, missing };
  const rehearsal = spawnSync('unshare', [...namespaceFlags(), '/bin/bash', '-c', REHEARSAL], {
    env: { ...process.env, PATH: path },
    encoding: 'utf8',
  });
  if (rehearsal.status === 0) return { ok: true };
  const said = rehearsal.stderr?.trim().split('\n').at(-1) || rehearsal.error?.message || 'no reason given';
  return { ok: false, missing: [{ what: `the right to make namespaces (${said})`, howTo: namespaceAdvice() }] };
}

/** True when a program of that name can be run by a lab. */
export const hasProgram = (name: string, path = systemPath()): boolean =>
  path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const namespaceAdvice = (): string =>
  process.getuid?.() === 0
    ? 'in a container, start it with --privileged; on a machine, load the modules veth and nft_nat'
    : 'run as root; or allow it for users: sysctl user.max_user_namespaces=10000, on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0, on older Debian kernel.unprivileged_userns_clone=1';
