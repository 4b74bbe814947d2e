/** A guest beside a machine that has files of its own: the machine is this one with more in it, in a mount namespace. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { KERNEL, testNeeding } from '../../../needs.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const kernelTest = testNeeding(KERNEL);

/** Folders that can be filled anew: the checkout and its Node.js are not below. */
const FOLDERS = ['/etc', '/run', '/home', '/opt', '/srv', '/usr/local', '/var/lib', '/var/tmp'].filter(
  (folder) => ![ROOT, process.execPath].some((path) => path.startsWith(`${folder}/`)),
);

/** What such a machine has: the program itself in use, tools of its own, names for numbers, and files wherever there are any. */
const FURNISH = `set -e
for folder in ${FOLDERS.join(' ')}; do
  own=$(mktemp -d); mount -t tmpfs tmpfs "$own"
  case $folder in /etc) cp -rP $folder/. "$own" 2>/dev/null || true ;; esac
  mount --bind "$own" $folder; umount "$own"; rmdir "$own"
  : >$folder/hairpin-file
done
mkdir -p /etc/ilb-hairpin-guard /run/ilb-hairpin-guard /run/systemd/system /etc/iproute2 /etc/systemd/system
echo 'nonsense hairpin' | tee /etc/ilb-hairpin-guard/plan /run/ilb-hairpin-guard/run /etc/systemd/system/ilb-hairpin-guard.service >/dev/null
echo '7201 hairpins' >>/etc/iproute2/rt_tables; echo '201 hairpins' >>/etc/iproute2/rt_protos
echo 'hairpinner:x:4321:4321::/home/hairpinner:/bin/sh' >>/etc/passwd
[ ! -e /usr/local/hairpin-file ] || mkdir /usr/local/sbin
[ ! -w /usr/local/sbin ] || for tool in ip systemctl ilb-hairpin-guard; do
  printf '#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec %s "$@"\n' $tool >/usr/local/sbin/$tool; chmod 755 /usr/local/sbin/$tool
done
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
  const onTheWay = ROOT.split('/');
  t.deepEqual(
    places.filter((it) => !it.endsWith(':') && !onTheWay.includes(it)),
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
