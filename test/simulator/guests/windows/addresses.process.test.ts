/** The same of Windows guests: modelled machines that run the shipped script. */
import { renderScript } from '../../../../shared/guest/render.ts';
import { parseReport } from '../../../../shared/guest/report.ts';
import { commandIdOf } from '../../../../shared/model/commandId.ts';
import type { GuestMode, GuestPlan } from '../../../../shared/model/guest.ts';
import { startWindowsGuests, vipsOf, type WindowsGuests } from '../../../../simulator/guests/windows/guests.ts';
import { testNeeding } from '../../../needs.ts';
import { ADDRESS_CASES, judged, UCR } from '../addressCases.ts';

const engineTest = testNeeding(['the .NET SDK']);
const CONNECTS = 12;
const primaryOf = () => 'vm-a';

let seq = 0;
async function guard(guests: WindowsGuests, mode: GuestMode, plan: GuestPlan) {
  seq += 1;
  const command = { commandId: commandIdOf('vm-a', seq), mode, plan, limits: { connectSeconds: 3, totalSeconds: 60 } };
  const { stdout } = await guests.runScript('vm-a', renderScript('windows', command), 60);
  return parseReport(stdout, command);
}

for (const one of ADDRESS_CASES) {
  engineTest(
    `${one.what}: all are planned, set, found when lost and removed, and what was not proved is told`,
    async (t) => {
      const estate = one.estate((made) => {
        for (const vm of made.vms) vm.os = 'windows';
      });
      const guests = await startWindowsGuests(estate, primaryOf);
      t.teardown(() => guests.stop());
      const towards = vipsOf(estate, primaryOf).flatMap(({ ip, backend }) => (ip === UCR && backend ? [backend] : []));
      t.deepEqual([...new Set(towards)], one.backends, 'the load balancer translates to each');
      const health = one.backends.map((address) => ({ address, up: true, reason: 'Up_Probe_Success' }));
      const cameBack = async (port: number) => {
        let count = 0;
        for (let i = 0; i < CONNECTS; i += 1) {
          const { outcome } = await guests.connect('vm-a', { address: UCR, port, timeoutMs: 2000 });
          if (outcome === 'ok') count += 1;
        }
        return count;
      };

      const { path, plan } = await judged(t, estate, health);
      t.deepEqual(
        path.backends.map(({ ip }) => ip),
        one.backends,
      );
      t.is(path.via?.ip, one.via);
      for (const port of one.ports) t.true((await cameBack(port)) < CONNECTS, 'without it not all come back');
      const before = guests.state('vm-a').routes.length;

      const applied = await guard(guests, 'apply', plan);
      for (const port of one.ports) t.is(await cameBack(port), CONNECTS, String(port));
      const after = (await judged(t, estate, health, { plan, report: applied })).path;
      t.is(after.verdict, 'compliant', JSON.stringify(applied));
      const [saw] = after.proof.seen ?? [];
      t.true(one.ends.includes(`${saw?.ip}:${saw?.port}`), JSON.stringify(after.proof));
      t.deepEqual(
        after.notProved,
        one.ends.filter((end) => end !== `${saw?.ip}:${saw?.port}`),
      );

      // Weak host on the NIC of the last address would keep its replies inside.
      const last = one.backends.at(-1) ?? '';
      const nic = guests.state('vm-a').interfaces.find(({ addresses }) => addresses.some(({ ip }) => ip === last));
      if (!nic) return t.fail();
      nic.weakHostSend = true;
      const checked = await guard(guests, 'check', plan);
      t.deepEqual(checked.paths[0]?.before, ['weak-host']);
      const mended = guests.state('vm-a').interfaces.find(({ index }) => index === nic.index);
      if (mended) mended.weakHostSend = false;
      // An address that the guest lost is named, though the others are there.
      const lost = mended?.addresses.find(({ ip }) => ip === last);
      if (lost) lost.state = 'Invalid';
      const missing = await guard(guests, 'check', plan);
      t.is(missing.errorCode, 'ADDRESS_NOT_ON_NIC');
      t.true(missing.errorDetail?.includes(last));
      const back = guests
        .state('vm-a')
        .interfaces.flatMap(({ addresses }) => addresses)
        .find(({ ip }) => ip === last);
      if (back) back.state = 'Preferred';

      const removed = await guard(guests, 'remove', plan);
      t.is(removed.errorCode, undefined);
      t.is(guests.state('vm-a').routes.length, before);
    },
  );
}
