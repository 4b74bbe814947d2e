/** A guest beside a machine that has files of its own: the machine is this one with more in it, in a mount namespace. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { KERNEL, testNeeding } from '../../../needs.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const kernelTest = testNeeding(KERNEL);

/** What such a machine has: the program itself in use, tools of its own, names for numbers, and files wherever there are any. */
const FURNISH = `set -e
own=$(mktemp -d); mount -t tmpfs tmpfs "$own"
for folder in /etc /usr/local; do
  mkdir -p "$own$folder"; cp -rP $folder/. "$own$folder" 2>/dev/null || true
  mount --bind "$own$folder" $folder
done
for folder in /run /home /opt /srv /var/lib /var/tmp; do mount -t tmpfs tmpfs $folder; done
umount -l "$own"; rmdir "$own"
mkdir -p /etc/ilb-hairpin-guard /run/ilb-hairpin-guard /run/systemd/system /etc/iproute2 /etc/systemd/system /usr/local/sbin
echo 'nonsense hairpin' | tee /etc/ilb-hairpin-guard/plan /run/ilb-hairpin-guard/run /usr/local/sbin/ilb-hairpin-guard /etc/systemd/system/ilb-hairpin-guard.service >/dev/null
for tool in ip systemctl; do printf '#!/bin/sh\\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec %s "$@"\\n' $tool >/usr/local/sbin/$tool; done
chmod 755 /usr/local/sbin/*
echo '7201 hairpins' >>/etc/iproute2/rt_tables; echo '201 hairpins' >>/etc/iproute2/rt_protos
for folder in /etc /run /home /opt /srv /usr/local /usr/local/bin /usr/local/lib /var/lib /var/tmp; do : >$folder/hairpin-file; done
echo 'hairpinner:x:4321:4321::/home/hairpinner:/bin/sh' >>/etc/passwd
`;

/** Runs Node.js on that machine, in the checkout. */
function onFurnished(...args: string[]) {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const run = `${FURNISH} exec "$@"`;
  return spawnSync('unshare', [...asUser, '--mount', '/bin/bash', '-c', run, 'run', process.execPath, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
}

kernelTest('a guest sees no file of the machine, none of its people, and its name is its own', (t) => {
  const look = `find / -xdev -name '*hairpin*' -not -path ${JSON.stringify(`${ROOT}/*`)} -not -path ${JSON.stringify(ROOT)}
    find /etc /run /tmp /home /opt /srv /usr/local /var -name '*hairpin*' -not -path ${JSON.stringify(`${ROOT}*`)}
    cat /proc/*/mountinfo /etc/passwd /etc/iproute2/* | grep hairpin | grep -v ${JSON.stringify(ROOT)}
    type -P ip; ip rule | wc -l; uname -n; ls /home /opt /srv /mnt /root`;
  const { stdout, stderr } = onFurnished(
    '--input-type=module',
    '-e',
    `import { startKernelLab } from './simulator/guests/kernel/lab.ts';
    import { articleEstate } from './simulator/estate/twoVms.ts';
    const lab = await startKernelLab({ estate: articleEstate() });
    const { stdout, stderr } = await lab.exec('vm-a', ['/bin/bash', '-c', ${JSON.stringify(look)}]);
    process.stdout.write(stdout + stderr);
    await lab.stop();`,
  );
  const [ip, rules, name, ...places] = stdout.trim().split('\n');
  t.regex(ip ?? '', /^(\/usr)?\/s?bin\/ip$/, `${stdout}${stderr}`);
  t.deepEqual([rules, name], ['3', 'vm-a']);
  t.deepEqual(
    places.filter((it) => it !== '' && !it.endsWith(':')),
    [],
  );
});

for (const name of ['names given to our table and protocol numbers', 'the VIP table flushed', 'script removed']) {
  kernelTest(`a case of the lab on a machine with files of ours: ${name}`, (t) => {
    const { stdout, stderr, status } = onFurnished('lab/main.ts', '--part', 'namespaces', '--only', name);
    t.is(status, 0, `${stdout}${stderr}`);
    t.regex(stdout, /^1 case, 1 ok/m);
  });
}
