/** What can be done on the members about VIPs that lead back to them, each as its users would do it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuestLab } from '../../simulator/guests/lab.ts';
import { guard, NICS, put, shell, until } from '../guests.ts';
import { comparePlan, GATEWAY, type Member, MIRRORS, STATUS_PORT } from './estate.ts';

export type StrategyId = 'none' | 'route' | 'redirect' | 'loopback' | 'reactive' | 'guard';

export interface StrategyOptions {
  /** How often the redirect's agent probes, seconds. */
  agentSeconds: number;
}

export interface Strategy {
  id: StrategyId;
  title: string;
  /** Puts it on one member; resolves when it is in effect there. UCR's and PI's primaries are on vm-a. */
  setUp(lab: GuestLab, vm: Member, options: StrategyOptions): Promise<void>;
  /** What is done once UCR's primary has come to a member; resolves when it is done. */
  moved?(lab: GuestLab, vm: Member): Promise<void>;
}

const mirrors = Object.entries(MIRRORS);

async function startRedirect(lab: GuestLab, vm: Member, { agentSeconds }: StrategyOptions): Promise<void> {
  await put(
    lab,
    vm,
    '/usr/local/sbin/redirect-agent',
    readFileSync(`${import.meta.dirname}/redirect-agent.sh`, 'utf8'),
  );
  for (const [name, { vip, port, statusPath }] of mirrors) {
    const words = [name, vip, port, NICS[vm].backend.ip, STATUS_PORT, statusPath, agentSeconds].join(' ');
    await shell(lab, vm, `setsid redirect-agent ${words} >/dev/null 2>&1 </dev/null &`);
  }
  if (vm !== 'vm-a') return; // no primary there: nothing to redirect yet
  const tables = async () => (await shell(lab, vm, 'nft list tables')).match(/redirect_/g)?.length === mirrors.length;
  await until('the redirect’s tables', tables);
}

async function startGuard(lab: GuestLab, vm: Member): Promise<void> {
  const { report, stderr } = await guard(lab, vm, 'apply', comparePlan(vm));
  assert(
    report.paths.every((path) => path.after.length === 0 && path.connectAfter.outcome === 'ok'),
    `apply on ${vm}: ${stderr}`,
  );
  // What the unit starts, where there is no systemd.
  await shell(lab, vm, ': >/tmp/watch.log; setsid ilb-hairpin-guard watch >>/tmp/watch.log 2>&1 </dev/null &');
  const looked = async () => (await shell(lab, vm, 'cat /tmp/watch.log')).includes('found: as planned');
  await until('the watcher’s first look', looked);
}

export const STRATEGIES: Strategy[] = [
  { id: 'none', title: 'no fix', setUp: async () => {} },
  {
    id: 'route',
    title: "the article's route alone",
    setUp: async (lab, vm) => {
      const lines = mirrors.map(([, { vip }]) => `ip route add ${vip}/32 via ${GATEWAY} dev eth1`);
      await shell(lab, vm, lines.join('; '));
    },
  },
  { id: 'redirect', title: 'probe-driven local redirect', setUp: startRedirect },
  {
    id: 'loopback',
    title: 'VIP on loopback',
    setUp: async (lab, vm) => {
      const lines = mirrors.map(([, { vip }]) => `ip addr add ${vip}/32 dev lo`);
      await shell(
        lab,
        vm,
        `sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2; ${lines.join('; ')}`,
      );
    },
  },
  { id: 'guard', title: 'ilb-hairpin-guard', setUp: startGuard },
];

/** A Run Command takes so long from end to end. */
const COMMAND_SECONDS = 20;

/** The same fix, put where the primary is and nowhere ahead of it: by a Run Command that is sent as the primary comes. */
export const REACTIVE: Strategy = {
  id: 'reactive',
  title: `repair after the failover (a command of ${COMMAND_SECONDS} s)`,
  setUp: (lab, vm) => (vm === 'vm-a' ? startGuard(lab, vm) : Promise.resolve()),
  async moved(lab, vm) {
    await sleep(COMMAND_SECONDS * 1000);
    await guard(lab, vm, 'apply', comparePlan(vm));
  },
};

/**
 * What others do to a machine, the same for every strategy: a link goes down and up, as its network manager does it, the
 * firewall is loaded anew, and loopback gets the addresses of its configuration.
 */
export const drift = (lab: GuestLab, vm: Member): Promise<string> =>
  shell(
    lab,
    vm,
    `ip link set eth1 down; ip link set eth1 up
    ip route replace 10.0.1.0/24 dev eth1 proto kernel scope link src ${NICS[vm].via.ip} metric 101
    nft flush ruleset
    ip addr flush dev lo scope global`,
  );
