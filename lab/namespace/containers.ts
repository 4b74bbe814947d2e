/** An instance in a container with a published port: what its answers need, and what is said where they do not have it. */
import assert from 'node:assert/strict';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { connectTo, guard, planOf, said, shell, UCR, until } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { articleLab, VM } from './watcher.ts';

/** What answers in the container, as an instance does: its name at once, then the connection stays. */
const SERVER = `require('net').createServer((c) => { c.on('error', () => {}); c.write('box/1972\\n'); }).listen(1972, '0.0.0.0')`;
const box = (
  name: string,
  address: string,
): string => `ip netns add ${name}; ip link add ${name} type veth peer name inner; ip link set inner netns ${name}
ip link set ${name} master docker0 up; ip -n ${name} link set lo up; ip -n ${name} link set inner name eth0; ip -n ${name} addr add ${address}/16 dev eth0
ip -n ${name} link set eth0 up; ip -n ${name} route add default via 172.17.0.1
setsid ip netns exec ${name} ${process.execPath} -e "${SERVER}" >/dev/null 2>&1 </dev/null &`;
/** A bridge, and a container behind it whose port 1972 is published, as Docker writes it. */
const CONTAINER = `sysctl -qw net.ipv4.ip_forward=1; mkdir -p /run/netns
ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
${box('box', '172.17.0.2')}
nft add table ip nat; nft 'add chain ip nat PREROUTING { type nat hook prerouting priority -100; policy accept; }'; nft add chain ip nat DOCKER
nft add rule ip nat PREROUTING fib daddr type local jump DOCKER
nft add rule ip nat DOCKER iifname != docker0 tcp dport 1972 dnat to 172.17.0.2:1972
nft 'add chain ip nat POSTROUTING { type nat hook postrouting priority 100; policy accept; }'
nft add rule ip nat POSTROUTING oifname != docker0 ip saddr 172.17.0.0/16 masquerade`;

/** Others reach the container through the VIP, as they did before the fix. */
async function othersReach(lab: KernelLab): Promise<void> {
  const reaches = async () => said(await connectTo(lab, 'vm-b', UCR)) === 'box';
  await until('another machine to reach the container through the VIP', reaches);
}

const named: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, CONTAINER);
  await othersReach(lab);
  const { report } = await guard(lab, VM, 'apply', planOf(VM, [UCR]));
  const [path] = report.paths;
  assert.deepEqual([report.errorCode, path?.after, path?.connectAfter.outcome], [undefined, [], 'timeout']);
  assert.deepEqual(path?.lost, {
    packet: 'request-in',
    places: [],
    replyPlaces: [],
    unread: [],
    handedTo: '172.17.0.2',
  });
  await othersReach(lab);
  return {
    ok: true,
    detail: 'the request is handed to 172.17.0.2: told as that; another machine reaches it before and after',
  };
};

/** Ahead of all that leads to the local table: a rule lands behind those with its preference, so they are made anew. */
const ahead = (rule: string): string => `ip rule add pref 0 ${rule}
mapfile -t locals < <(ip rule show pref 0 | grep 'lookup local')
for it in "\${locals[@]}"; do ip rule add pref 0 \${it#0:}; ip rule del pref 0 \${it#0:}; done`;

/**
 * What would serve it: the container's answers to the via address leave by the NIC in the pool, as the host's own do, and
 * the kernel's check of the request's source (fib_validate_source) finds that way too. Nobody is served by it yet.
 */
const cured =
  (rule: string): LabCase['run'] =>
  async () => {
    const lab = await freshLab(articleLab);
    await shell(lab, VM, CONTAINER);
    await othersReach(lab);
    await guard(lab, VM, 'apply', planOf(VM, [UCR]));
    assert.notEqual((await connectTo(lab, VM, UCR)).outcome, 'ok');
    await shell(lab, VM, ahead(rule));
    const own: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) own.push(said(await connectTo(lab, VM, UCR)));
    assert.deepEqual(own, Array(5).fill('box'), await shell(lab, VM, 'ip rule'));
    await othersReach(lab);
    return {
      ok: true,
      detail: `${rule}, ahead of lookup local: 5 of 5 connects of this machine reach the container, others too`,
    };
  };

export const containerCases = (): LabCase[] => [
  { name: 'the instance is in a container with a published port', manager: 'none', run: named },
  {
    name: 'a container with a published port: what cures it, by its bridge',
    manager: 'none',
    run: cured('to 10.0.1.11 iif docker0 lookup 7202'),
  },
  {
    name: 'a container with a published port: what cures it, by its network',
    manager: 'none',
    run: cured('from 172.17.0.0/16 to 10.0.1.11 lookup 7202'),
  },
];
