/** Who may write the app’s tables or its queue makes it send nothing but what today’s lists say. */
import test from 'ava';
import type { VmRow } from '../../shared/model/rows.ts';
import { rowKey } from '../../shared/model/store.ts';
import { articleWorld, SETTINGS, SUBSCRIPTION, vmId, type World } from '../helpers/world.ts';

/** Puts a command into a VM’s row, as somebody who may write the table would. */
async function plant(world: World, change: (row: VmRow) => VmRow): Promise<void> {
  const key = rowKey(vmId('hs-a'));
  const found = await world.store.vms.get(SUBSCRIPTION, key);
  if (!found) throw new Error('the VM has no row');
  await world.store.vms.put(SUBSCRIPTION, key, change(structuredClone(found.row) as VmRow), found.etag);
}

/** The scripts that were sent after this. */
function scripts(world: World): string[] {
  const sent: string[] = [];
  const { send } = world;
  world.send = (command) => {
    sent.push(command.script);
    send.call(world, command);
  };
  return sent;
}

/** A command as the app itself would have left it, with other addresses. */
const planted = (row: VmRow, vip: string): VmRow => {
  const plan = {
    frontends: [
      {
        vip,
        port: 1972,
        backends: [{ ip: '10.0.1.10', mac: '00:0d:3a:00:10:00' }],
        via: { ip: '10.0.1.11', mac: '00:0d:3a:00:10:01' },
      },
    ],
  };
  const now = Date.UTC(2026, 0, 5, 12);
  const command = {
    seq: row.seq + 1,
    mode: 'apply',
    slot: 'A',
    phase: 'intended',
    runIds: ['0'.repeat(32)],
    plan,
  } as const;
  return {
    ...row,
    seq: row.seq + 1,
    command: { ...command, planHash: 'f'.repeat(64), vips: [vip], intendedAt: now, deadline: now + 3_600_000 },
  } as unknown as VmRow;
};

for (const [what, vip] of [
  ['another address', '10.9.9.9'],
  ['a shell’s words', '10.0.1.100; shutdown -h now'],
] as const) {
  test(`a command planted in a VM’s row with ${what} is never sent`, async (t) => {
    const world = articleWorld();
    world.sweep();
    await world.run();
    await plant(world, (row) => planted(row, vip));
    const sent = scripts(world);
    world.now = Date.UTC(2026, 0, 5, 12);
    for (let minute = 0; minute < 30; minute += 1) {
      world.bell();
      await world.run(60_000);
      world.now += 60_000;
    }
    world.sweep();
    await world.run();
    for (const script of sent) t.false(script.includes(vip));
    t.deepEqual([...new Set(world.executions.flatMap(({ vips }) => vips))].sort(), ['10.0.1.100', '10.0.1.101']);
  });
}

test('a message for a VM outside the scope, put on the queue by somebody else, sends nothing', async (t) => {
  const world = articleWorld({ scope: { ...SETTINGS.scope, within: [vmId('hs-b')] } });
  const runId = world.manual('apply', 'hs-a');
  await world.run();
  t.deepEqual(world.executions, []);
  t.true(['settled', 'failed'].includes((await world.runRow(runId)).state));
  t.is((await world.outcome(runId, 'hs-a'))?.findings[0]?.code, 'NOT_A_MEMBER', 'it is no member of anything in scope');
});
