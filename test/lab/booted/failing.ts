/** A guest in which some cases fail on purpose, each in the middle of what it does; the others are the lab's own. */
import { boots, last } from '../../../lab/booted/cases/boot.ts';
import { type BootedCase, common } from '../../../lab/booted/cases/common.ts';
import type { Guest } from '../../../lab/booted/guest.ts';
import type { Entry } from '../../../lab/booted/guests.ts';
import { networkd } from '../../../lab/booted/managers/networkd.ts';
import { heals } from '../../../lab/booted/observe.ts';

const LOSE_ROUTES = 'ip route flush table 7201';
/** Longer than the service waits for an event. */
const LOOK_MS = 60_000;

/** Stops what the service listens with, and not a command of a look that it may be at. */
const DEAFEN = `main=$(systemctl show -P MainPID ilb-hairpin-guard); heard=
for turn in {1..600}; do
  for pid in $(cat /proc/$main/task/$main/children); do
    case $(tr '\\0' ' ' </proc/$pid/cmdline) in 'ip -o monitor '*) heard=$pid ;; esac
  done
  [ -z "$heard" ] || break
  sleep 0.1
done
kill -STOP "$heard"`;

const failing = (name: string, breaks: (guest: Guest) => Promise<unknown>): BootedCase => ({
  name,
  async run(guest) {
    await breaks(guest);
    throw new Error('it fails on purpose');
  },
});

const [apply, deleted] = common;
if (!apply || !deleted) throw new Error('the lab has lost its first cases');

export const GUESTS: Entry[] = [
  {
    spec: networkd,
    cases: [
      apply,
      failing('fails while the guest is off', (guest) => guest.off()),
      deleted,
      {
        name: 'what only the service’s look every 30 s puts back',
        async run(guest) {
          await guest.tell(DEAFEN);
          // It looks a second after its start, whatever it heard; from the second look on it waits as long as it may.
          for (let looks = 0; looks < 2; looks += 1) {
            await guest.tell(LOSE_ROUTES);
            if (!(await guest.isWhole(LOOK_MS))) throw new Error('the service does not look');
          }
          const { ok, recoveredMs, detail } = await heals(guest, () => guest.tell(LOSE_ROUTES));
          return { ok: !ok && recoveredMs !== undefined && detail.includes('both VIPs proved self'), detail };
        },
      },
      failing('fails while a NIC has not come yet', async (guest) => {
        await guest.off();
        await guest.boot([0]);
      }),
      ...boots,
      failing('fails while its manager’s files are gone and it cannot boot', (guest) =>
        guest.tell('rm -r /etc/systemd /lib/systemd/system/multi-user.target; ip link delete eth1'),
      ),
      {
        name: 'is not ok, and leaves a file',
        async run(guest) {
          await guest.tell('echo left >/etc/left');
          return { ok: false, detail: 'it fails on purpose' };
        },
      },
      {
        name: 'no file of an earlier case',
        run: async (guest) => ({ ok: (await guest.shell('ls /etc/left')).exitCode !== 0, detail: '' }),
      },
      last,
    ],
  },
];
