/** An instance in a container with a published port: what its answers need, and what is said where they do not have it. */
import assert from 'node:assert/strict';
import type { GuestPlan } from '../../shared/model/guest.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { connectTo, guard, LOSE_RULES, NICS, planOf, said, shell, snapshot, UCR, until } from '../guests.ts';
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

/** The plan of a VM whose tag names the containers' network. */
const tagged: GuestPlan = { containers: '172.17.0.0/16', frontends: planOf(VM, [UCR]) };

/** Connects of this machine: each reaches the container. */
async function ownReach(lab: KernelLab): Promise<void> {
  const own: string[] = [];
  for (let turn = 0; turn < 5; turn += 1) own.push(said(await connectTo(lab, VM, UCR)));
  assert.deepEqual(own, Array(5).fill('box'), await shell(lab, VM, 'ip rule'));
}

/** What another machine gets at this one's own addresses, without the load balancer. */
const outside = async (lab: KernelLab): Promise<string[]> => {
  const { backend, via } = NICS[VM];
  return [said(await connectTo(lab, 'vm-b', backend.ip)), said(await connectTo(lab, 'vm-b', via.ip))];
};

const withoutTracking = (script: string): string => script.replaceAll('/proc/net/nf_conntrack', '/nowhere');

const served: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await shell(lab, VM, CONTAINER);
  await othersReach(lab);
  const asBooted = await snapshot(lab, VM);
  const reached = await outside(lab);
  await guard(lab, VM, 'apply', planOf(VM, [UCR]));
  const untagged = await snapshot(lab, VM);
  assert.notEqual((await connectTo(lab, VM, UCR)).outcome, 'ok');

  const first = await guard(lab, VM, 'apply', tagged);
  const [path] = first.report.paths;
  assert.deepEqual(
    [first.report.errorCode, path?.after, path?.connectAfter.outcome, path?.proof, path?.accepted],
    [undefined, [], 'ok', 'self', { ip: NICS[VM].backend.ip, port: 1972 }],
    `${first.stdout}${first.stderr}`,
  );
  const rules = await shell(lab, VM, 'ip rule');
  assert.match(rules, /^0:\s+not from 172\.17\.0\.0\/16 to 10\.0\.1\.11 lookup local\n(?!0:)/);
  await ownReach(lab);
  await othersReach(lab);
  assert.deepEqual(await outside(lab), reached);
  const again = await guard(lab, VM, 'apply', tagged);
  assert.deepEqual(
    [again.report.changed, again.report.paths[0]?.before, again.report.warnings.includes('sockets-unread')],
    [0, [], false],
  );

  const unseen = await guard(lab, VM, 'check', tagged, withoutTracking);
  assert.deepEqual([unseen.report.paths[0]?.connectAfter.outcome, unseen.report.paths[0]?.proof], ['ok', 'none']);
  assert(unseen.report.warnings.includes('containers-unseen'), unseen.stdout);

  await shell(lab, VM, LOSE_RULES);
  await othersReach(lab);
  assert.deepEqual(await outside(lab), reached, 'without all rules but the one at 0');
  const lost = await guard(lab, VM, 'check', tagged);
  assert(lost.report.paths[0]?.after.includes('reply-rule'), lost.stdout);
  await guard(lab, VM, 'apply', tagged);
  await ownReach(lab);

  await lab.setPrimary('UCR', 'vm-b');
  await until('the VIP to lead to vm-b', async () => said(await connectTo(lab, VM, UCR)) === 'vm-b');
  const elsewhere = await guard(lab, VM, 'check', tagged);
  assert.deepEqual(
    [elsewhere.report.paths[0]?.connectAfter.outcome, elsewhere.report.paths[0]?.proof],
    ['ok', 'remote'],
  );
  const blind = await guard(lab, VM, 'check', tagged, withoutTracking);
  assert.equal(blind.report.paths[0]?.proof, 'none', 'not said to be elsewhere by guess');

  await guard(lab, VM, 'apply', planOf(VM, [UCR]));
  assert.equal(await snapshot(lab, VM), untagged, 'without the tag as before it');
  await guard(lab, VM, 'apply', tagged);
  await guard(lab, VM, 'remove', tagged);
  assert.equal(await snapshot(lab, VM), asBooted);
  return {
    ok: true,
    detail:
      'with the tag 5 of 5 connects of this machine reach the container, proved by connection tracking; others as before, also without the rules behind 0; without the tag, and removed, byte for byte as before',
  };
};

export const containerCases = (): LabCase[] => [
  { name: 'the instance is in a container with a published port', manager: 'none', run: named },
  { name: 'a container with a published port, its network in the tag', manager: 'none', run: served },
];
