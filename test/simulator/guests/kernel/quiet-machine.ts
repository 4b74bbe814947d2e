/**
 * Looks at the machine before a lab starts and while it runs, and prints both as JSON: for a mount and a network namespace
 * of its own, since on the machine itself others come and go meanwhile.
 */
import { spawnSync } from 'node:child_process';
import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import { articleEstate } from '../estates.ts';

const LOOKS = ['ip netns', 'ip -o link', 'ip rule', 'nft list ruleset', 'cat /proc/self/mountinfo'];
const look = () =>
  LOOKS.map((it) => spawnSync('/bin/sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin; ${it}`], { encoding: 'utf8' }).stdout);

const before = look();
const lab = await startKernelLab({ estate: articleEstate() });
const during = look();
await lab.stop();
process.stdout.write(JSON.stringify({ before, during }));
