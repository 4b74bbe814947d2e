/** What the service costs while nothing happens, and what it sees of others. */
import { sleep } from '../clock.ts';
import { heals } from '../observe.ts';
import type { BootedCase } from './common.ts';

/** Longer than the service's own look every 30 s, so that one is in it. */
const REST_SECONDS = 31;
/** What it may use: 5 MB, and 1% of a processor. */
const MOST_KB = 5 * 1024;
const MOST_MS = REST_SECONDS * 10;
/** CPU times in /proc count in hundredths of a second. */
const TICK_MS = 10;

const UNIT = 'ilb-hairpin-guard.service';
/** The service's processes: its shell, and what that started. */
const PROCESSES = `main=$(systemctl show -P MainPID ${UNIT}); all="$main $(cat /proc/$main/task/$main/children)"`;

export const atRest: BootedCase = {
  name: 'the watcher at rest: memory, CPU, what systemd says of it',
  async run(guest) {
    const ticks = async () =>
      Number(
        await guest.tell(`${PROCESSES}; awk '{ sum += $14 + $15 + $16 + $17 } END { print sum }' /proc/$main/stat`),
      );
    await sleep(2000);
    const before = await ticks();
    await sleep(REST_SECONDS * 1000);
    const cpuMs = ((await ticks()) - before) * TICK_MS;
    const pss = await guest.tell(
      `${PROCESSES}; for pid in $all; do awk -v of="$(cat /proc/$pid/comm)" '$1 == "Pss:" { print of, $2 }' /proc/$pid/smaps_rollup; done`,
    );
    const processes = pss.trim().split('\n');
    const kb = processes.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    const memory = (await guest.tell(`systemctl show -P MemoryCurrent ${UNIT}`)).trim();
    const security = await guest.tell(`systemd-analyze security --no-pager ${UNIT} | tail -n 1`);
    const exposure = Number(/: ([0-9.]+) /.exec(security)?.[1]);
    const verify = await guest.shell(`systemd-analyze verify /etc/systemd/system/${UNIT} 2>&1 | grep hairpin`);
    const ok = kb > 0 && kb <= MOST_KB && cpuMs <= MOST_MS && exposure < 5 && verify.stdout === '';
    return {
      ok,
      detail: [
        `PSS ${kb} kB (${processes.join(', ')})`,
        `MemoryCurrent ${/^\d+$/.test(memory) ? `${Math.round(Number(memory) / 1024)} kB` : memory}`,
        `${cpuMs} ms of CPU in ${REST_SECONDS} s`,
        `systemd-analyze security: ${exposure}`,
        `systemd-analyze verify: ${verify.stdout.trim() || 'nothing to say'}`,
      ].join('; '),
    };
  },
};

/** The service must see a process with more rights than its own, or it would take a lock over that somebody holds. */
export const waitsForCommand: BootedCase = {
  name: 'a command holds the lock: the service waits until it ends',
  async run(guest) {
    await guest.tell(
      `setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $! >/run/holder; sleep 0.2
      read -r -a stat </proc/$!/stat; ln -s -T "$!.\${stat[21]}" /run/ilb-hairpin-guard/state; ip route flush table 7201`,
    );
    await sleep(3000);
    const meanwhile = (await guest.tell('ip route show table 7201')).trim();
    const healed = await heals(guest, () => guest.tell('kill $(</run/holder)'));
    return {
      ...healed,
      ok: healed.ok && meanwhile === '',
      detail: `${meanwhile === '' ? 'nothing was done for 3 s' : 'the lock was taken over'}; then ${healed.detail}`,
    };
  },
};
