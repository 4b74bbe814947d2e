import test from 'ava';
import { checkCommand } from '../../../../shared/guest/plan.ts';
import { renderScript } from '../../../../shared/guest/render.ts';
import { parseReport } from '../../../../shared/guest/report.ts';
import { commandIdOf } from '../../../../shared/model/commandId.ts';
import { startWindowsGuests, vipsOf, type WindowsGuests } from '../../../../simulator/guests/windows/guests.ts';
import { missing, type Need, testNeeding } from '../../../needs.ts';
import { articleEstate, twoRoleEstate } from '../estates.ts';

const NEEDS: Need[] = ['the .NET SDK'];
const engineTest = testNeeding(NEEDS);
const estate = articleEstate((one) => {
  for (const vm of one.vms) vm.os = 'windows';
});
let primary: string | undefined = 'vm-a';
let guests: WindowsGuests;
test.before(async () => {
  if (missing(NEEDS).length === 0) guests = await startWindowsGuests(estate, () => primary);
});
test.after.always(() => guests?.stop());

const UCR = { address: '10.0.1.100', port: 1972, timeoutMs: 2000 };

function plan(seq: number) {
  const side = (mac: string, ip: string) => ({ mac, ip });
  return checkCommand({
    commandId: commandIdOf('vm-a', seq),
    mode: 'apply',
    plan: {
      frontends: ['10.0.1.100', '10.0.1.101'].map((vip) => ({
        vip,
        port: 1972,
        backends: [side('00:0d:3a:00:0a:01', '10.0.1.10')],
        via: side('00:0d:3a:00:0a:02', '10.0.1.11'),
      })),
    },
    limits: { connectSeconds: 3, totalSeconds: 60 },
  });
}

engineTest('a primary does not reach itself until the script ran, and does so after a restart', async (t) => {
  guests.reset();
  primary = 'vm-a';
  t.like(await guests.connect('vm-a', UCR), { outcome: 'timeout', ms: 2000 });
  t.like(await guests.connect('vm-b', UCR), { outcome: 'ok' });
  const command = plan(1);
  const { stdout, exitCode, timedOut } = await guests.runScript('vm-a', renderScript('windows', command), 60);
  t.is(exitCode, 0);
  t.false(timedOut);
  t.deepEqual(
    parseReport(stdout, command).paths.map(({ proof }) => proof),
    ['self', 'self'],
  );
  const connected = await guests.connect('vm-a', UCR);
  t.is(connected.outcome, 'ok');
  t.regex(connected.answer ?? '', /^vm-a\/UCR 10\.0\.1\.11:\d+$/);
  guests.restart('vm-a');
  t.like(await guests.connect('vm-a', UCR), { outcome: 'ok' });
});

engineTest('the route stays right when the primary moves, and drift made by hand is found', async (t) => {
  guests.reset();
  primary = 'vm-b';
  const command = plan(2);
  await guests.runScript('vm-a', renderScript('windows', command), 60);
  t.regex((await guests.connect('vm-a', UCR)).answer ?? '', /^vm-b\/UCR 10\.0\.1\.11:/);
  primary = 'vm-a';
  t.regex((await guests.connect('vm-a', UCR)).answer ?? '', /^vm-a\/UCR /);
  const machine = guests.state('vm-a');
  machine.routes = machine.routes.filter(({ prefix }) => prefix !== '10.0.1.100/32');
  t.like(await guests.connect('vm-a', UCR), { outcome: 'timeout' });
  primary = undefined;
  t.like(await guests.connect('vm-b', UCR), { outcome: 'timeout' });
});

engineTest('a script that outlasts its time-out has no exit code; a Linux VM has no Windows machine', async (t) => {
  const slow = await guests.runScript('vm-a', '[System.Threading.Thread]::Sleep(90000); exit 0', 60);
  t.is(slow.exitCode, undefined);
  t.true(slow.timedOut);
  await t.throwsAsync(guests.runScript('vm-z', 'exit 0', 60), { message: /vm-z is no Windows VM/ });
});

test('a VIP leads to the primary’s address in its own pool, to nobody without one, to a pool’s first member without a mirror', (t) => {
  const roles = twoRoleEstate();
  t.deepEqual(
    vipsOf(roles, (mirror) => (mirror === 'PI' ? 'vm-b' : undefined)).map(({ ip, backend }) => [ip, backend]),
    [
      ['10.0.1.100', undefined],
      ['10.0.1.101', '10.0.1.21'],
    ],
  );
  roles.mirrors = [];
  t.is(vipsOf(roles, () => undefined)[0]?.backend, '10.0.1.10');
  for (const rule of roles.loadBalancers[0]?.rules ?? []) rule.floatingIp = true;
  t.deepEqual(
    vipsOf(roles, () => undefined),
    [],
  );
});
