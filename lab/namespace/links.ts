/** Links, addresses and carriers go and come back while the watcher runs. A manager's part of it is done by hand. */
import assert from 'node:assert/strict';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { guard, planOf, shell } from '../guests.ts';
import { type Expected, prove, recover, type Step } from './recover.ts';
import { VM, watchLog, withService } from './watcher.ts';

/** What the guest's manager sets up for a NIC, as at boot: the kernel drops it with the link or the last address. */
const NIC = {
  eth0: {
    address: '10.0.1.10/24',
    routes:
      'ip route replace 10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 100; ip route replace default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 100',
  },
  eth1: {
    address: '10.0.1.11/24',
    routes: 'ip route replace 10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 101',
  },
} as const;
type Device = keyof typeof NIC;

/** Shell text that sets up a NIC again, under its own name or another. */
export const setUp = (device: Device, name: string = device): string =>
  `ip addr replace ${NIC[device].address} dev ${name} noprefixroute; ${NIC[device].routes.replaceAll(device, name)}`;

const BOTH: Device[] = ['eth0', 'eth1'];
/** The fabric's ends of vm-a's NICs, as its layout numbers them, and what is lost on that side with the link. */
const CABLE = {
  eth0: ['v0', '10.0.1.10', '00:0d:3a:00:0a:01'],
  eth1: ['v1', '10.0.1.11', '00:0d:3a:00:0a:02'],
} as const;

const unplug = (device: Device) => (lab: KernelLab) => lab.fabric([`link set ${CABLE[device][0]} down`]);
const plugIn = (device: Device) => (lab: KernelLab) => {
  const [link, address, mac] = CABLE[device];
  return lab.fabric([
    `link set ${link} up`,
    `route add ${address}/32 dev ${link}`,
    `neighbour replace ${address} lladdr ${mac} dev ${link} nud permanent`,
  ]);
};

const stepsOf = (device: Device): Record<string, Step[]> => ({
  [`link ${device} down and up`]: [`ip link set ${device} down; ip link set ${device} up; ${NIC[device].routes}`],
  [`link ${device} down for 2 s`]: [
    `ip link set ${device} down; sleep 2`,
    `ip link set ${device} up; ${NIC[device].routes}`,
  ],
  [`address of ${device} removed and returned`]: [
    `ip addr del ${NIC[device].address} dev ${device}; ip route flush dev ${device}`,
    setUp(device),
  ],
  [`address of ${device} away for 2 s`]: [`ip addr flush dev ${device}; sleep 2`, setUp(device)],
  [`carrier of ${device} lost for 2 s`]: [unplug(device), 'sleep 2', plugIn(device)],
});

const caseOf = (name: string, steps: Step[], expected?: Expected): LabCase => ({
  name,
  manager: 'none',
  run: () => withService(async (lab) => ({ ok: true, ...(await recover(lab, steps, expected)) })),
});

/**
 * Nobody fights here: while the link is down the watcher waits for it without a try that fails, and it is there when the
 * link comes. Patience and poll are shorter than installed. What it tries between the link and its routes may fail.
 */
const longDown: LabCase['run'] = () =>
  withService(
    async (lab) => {
      const recovered = await recover(lab, [
        'ip link set eth1 down; sleep 3',
        async () => {
          const { report } = await guard(lab, VM, 'check', planOf(VM));
          assert.deepEqual(
            [report.errorCode, report.paths[0]?.before, report.warnings],
            ['ADDRESS_NOT_ON_NIC', ['nic-missing'], ['no-systemd']],
          );
          assert(!(await watchLog(lab)).includes('error'), await watchLog(lab));
        },
        `ip link set eth1 up; ${NIC.eth1.routes}`,
      ]);
      return { ok: true, ...recovered };
    },
    { altered: 's/^WATCH_PATIENCE=6/WATCH_PATIENCE=1/; s/^WATCH_POLL_SECONDS=30/WATCH_POLL_SECONDS=0.3/' },
  );

/** The address is there a second time without its subnet, as some agents put it there. */
const twice: LabCase['run'] = () =>
  withService(async (lab) => {
    await shell(lab, VM, 'ip addr add 10.0.1.11/32 dev eth1; ip addr add 10.0.1.10/32 dev eth0');
    const detail = await prove(lab);
    await shell(lab, VM, 'ip addr del 10.0.1.11/32 dev eth1; ip addr del 10.0.1.10/32 dev eth0');
    return { ok: true, detail };
  });

export const linkCases = (): LabCase[] => [
  ...BOTH.flatMap((device) =>
    Object.entries(stepsOf(device)).map(([name, steps]) =>
      caseOf(name, steps, { staysMs: device === 'eth0' ? 2500 : 700 }),
    ),
  ),
  caseOf(
    'DHCP renewal: address and routes set again',
    BOTH.map((device) => setUp(device)),
  ),
  caseOf(
    'both links down and up at once',
    [
      `ip link set eth0 down; ip link set eth1 down; sleep 1`,
      `ip link set eth0 up; ip link set eth1 up; ${NIC.eth0.routes}; ${NIC.eth1.routes}`,
    ],
    { staysMs: 2500 },
  ),
  { name: 'link eth1 down for longer than the watcher’s patience', manager: 'none', run: longDown },
  { name: 'addresses that are there a second time as /32', manager: 'none', run: twice },
];
