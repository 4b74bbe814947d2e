/** What is installed is changed or killed under the watcher. */
import assert from 'node:assert/strict';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { guard, planOf, shell, UCR, until } from '../guests.ts';
import { connects, recover } from './recover.ts';
import { COUNTED, INSTALLED, looks, VM, withService } from './watcher.ts';

const PLAN = '/etc/ilb-hairpin-guard/plan';
const UNIT = '/etc/systemd/system/ilb-hairpin-guard.service';
const LOSE = `ip route flush table 7201`;

/** What happens to a file; what runs goes on with what it read, or starts anew as soon as an apply has mended it. */
const FILES: Record<string, string> = {
  'script edited': `echo '# more' >>${INSTALLED}`,
  'script emptied in place': `: >${INSTALLED}`,
  'script removed': `rm ${INSTALLED}`,
  'script no longer executable': `chmod 644 ${INSTALLED}`,
  'plan damaged': `echo nonsense >>${PLAN}`,
  'plan removed': `rm ${PLAN}`,
  'plan that lacks a VIP': `sed -i /^${UCR.replaceAll('.', '[.]')}/d ${PLAN}`,
  'unit changed': `sed -i s/always/no/ ${UNIT}`,
  'unit removed': `rm ${UNIT}`,
};

async function fileCase(lab: KernelLab, by: string): Promise<{ recoveredMs: number; detail: string }> {
  // The watcher looks a second time after a second, and would follow a plan that was changed before.
  await until('the watcher’s second look', async () => (await looks(lab)) >= 2);
  await shell(lab, VM, by);
  const found = await guard(lab, VM, 'check', planOf(VM));
  for (const { before } of found.report.paths) assert.deepEqual(before, ['script-changed']);
  await connects(lab);
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.deepEqual([report.errorCode, report.changed], [undefined, 1]);
  const { recoveredMs, detail } = await recover(lab, [LOSE]);
  return { recoveredMs, detail: `named and mended, then the VIP table was flushed; ${detail}` };
}

/** The process of its ip monitor. */
const MONITOR = '$(ps -e -o pid=,args= | while read -r id args; do [[ $args != "ip -o monitor"* ]] || echo $id; done)';

/** Processes of the service end; its unit starts it again. */
const PROCESSES: Record<string, string> = {
  'watcher killed': `kill -KILL $(</tmp/watch.pid); ${LOSE}`,
  'watcher asked to end': `kill -TERM $(</tmp/watch.pid); ${LOSE}`,
  'its ip monitor killed': `kill -KILL ${MONITOR}; ${LOSE}`,
};

export const fileCases = (): LabCase[] => [
  ...Object.entries(FILES).map(
    ([name, by]): LabCase => ({
      name,
      manager: 'none',
      run: () => withService(async (lab) => ({ ok: true, ...(await fileCase(lab, by)) }), COUNTED),
    }),
  ),
  ...Object.entries(PROCESSES).map(
    ([name, by]): LabCase => ({
      name,
      manager: 'none',
      run: () => withService(async (lab) => ({ ok: true, ...(await recover(lab, [by])) })),
    }),
  ),
  {
    name: 'deaf: its ip monitor is stopped, and the backstop looks (each 2 s here, 30 s as installed)',
    manager: 'none',
    run: () =>
      withService(
        async (lab) => {
          const recovered = await recover(lab, [`kill -STOP ${MONITOR}; ${LOSE}`]);
          await shell(lab, VM, `kill -CONT ${MONITOR}`);
          return { ok: true, ...recovered };
        },
        { altered: 's/^WATCH_POLL_SECONDS=30/WATCH_POLL_SECONDS=2/' },
      ),
  },
];
