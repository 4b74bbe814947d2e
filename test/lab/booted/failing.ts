/** A guest in which some cases fail on purpose, each in the middle of what it does; the others are the lab's own. */
import { boots, last } from '../../../lab/booted/cases/boot.ts';
import { type BootedCase, common } from '../../../lab/booted/cases/common.ts';
import type { Guest } from '../../../lab/booted/guest.ts';
import type { Entry } from '../../../lab/booted/guests.ts';
import { networkd } from '../../../lab/booted/managers/networkd.ts';

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
