/** The networking cmdlets' stand-ins do what Microsoft's pages and users' error texts say of the real ones. */
import test from 'ava';
import { startWindowsEngine, type WindowsEngine } from '../../../../simulator/guests/windows/engine.ts';
import { type WindowsState, windowsMachine } from '../../../../simulator/guests/windows/state.ts';
import { missing, testNeeding } from '../../../needs.ts';

const NEEDS = ['dotnet or pwsh'] as const;
const engineTest = testNeeding([...NEEDS]);
let engine: WindowsEngine;
test.before(async () => {
  if (missing([...NEEDS]).length === 0) engine = await startWindowsEngine();
});
test.after.always(() => engine?.stop());

const machine = () => windowsMachine([{ mac: '00-0D-3A-00-00-01', addresses: [{ ip: '10.0.1.10', prefix: 24 }] }]);
const VIP = '10.0.1.100/32';
const added = (state: WindowsState) =>
  state.routes
    .filter(({ prefix }) => prefix === VIP)
    .map(({ store, gateway, metric }) => `${store} ${gateway} ${metric}`);

/** Runs a line; an error's id and category come back as text. */
async function line(text: string, state = machine()) {
  const script = `try { ${text} } catch { "$($_.FullyQualifiedErrorId -replace ',.*$', '') $($_.CategoryInfo.Category)" }`;
  const { stdout, stderr, state: after, exitCode } = await engine.runScript(state, script);
  return { out: stdout.trim().split('\n'), stderr, state: after, exitCode };
}
const NEW = `$null = New-NetRoute -DestinationPrefix ${VIP} -InterfaceIndex 4 -NextHop 10.0.1.1 -ErrorAction Stop`;
const REMOVE = `Remove-NetRoute -DestinationPrefix ${VIP} -ErrorAction Stop`;

engineTest('New-NetRoute writes both stores with metric 256, or the active one alone', async (t) => {
  t.deepEqual(added((await line(NEW)).state), ['active 10.0.1.1 256', 'persistent 10.0.1.1 256']);
  t.deepEqual(added((await line(`${NEW} -PolicyStore ActiveStore -RouteMetric 1`)).state), ['active 10.0.1.1 1']);
});

const ERRORS: [string, string, string][] = [
  ['an equal route', `${NEW}; ${NEW} -RouteMetric 9`, 'Windows System Error 87 InvalidArgument'],
  ['the persistent store alone', `${NEW} -PolicyStore PersistentStore`, 'Windows System Error 87 InvalidArgument'],
  ['an unknown interface', NEW.replace('4', '99'), 'Windows System Error 87 InvalidArgument'],
  [
    'an unknown alias',
    NEW.replace('-InterfaceIndex 4', '-InterfaceAlias Nope'),
    'Windows System Error 87 InvalidArgument',
  ],
  ['host bits in a prefix', NEW.replace('100/32', '100/24'), 'Windows System Error 87 InvalidArgument'],
  [
    'no such prefix',
    `Get-NetRoute -DestinationPrefix ${VIP} -ErrorAction Stop`,
    'CmdletizationQuery_NotFound_DestinationPrefix ObjectNotFound',
  ],
  [
    'no such prefix and family',
    `Get-NetRoute -DestinationPrefix ${VIP} -AddressFamily IPv4 -ErrorAction Stop`,
    'CmdletizationQuery_NotFound ObjectNotFound',
  ],
  ['nothing to remove', `${REMOVE} -Confirm:$false`, 'CmdletizationQuery_NotFound_DestinationPrefix ObjectNotFound'],
  [
    'no interface given',
    `New-NetRoute -DestinationPrefix ${VIP} -InterfaceIndex 4 -InterfaceAlias Ethernet`,
    'AmbiguousParameterSet InvalidArgument',
  ],
  ['an unknown parameter', 'Get-NetRoute -Sideways', 'NamedParameterNotFound InvalidArgument'],
];
for (const [title, text, expected] of ERRORS) {
  engineTest(`${title}: ${expected}`, async (t) => {
    t.is((await line(text)).out.at(-1), expected);
  });
}

engineTest(
  'Remove-NetRoute takes from the named store, or from both; without -Confirm:$false it asks, and nobody answers',
  async (t) => {
    const both = (await line(NEW)).state;
    t.deepEqual(added((await line(`${REMOVE} -Confirm:$false -PolicyStore ActiveStore`, both)).state), [
      'persistent 10.0.1.1 256',
    ]);
    t.deepEqual(added((await line(`${REMOVE} -Confirm:$false`, both)).state), []);
    const asked = await line(REMOVE, both);
    t.is(added(asked.state).length, 2);
    t.not(asked.out[0], '');
  },
);

engineTest('an error without -ErrorAction does not end the script, whatever its preference says', async (t) => {
  const script = "$ErrorActionPreference = 'Stop'\nGet-NetRoute -DestinationPrefix 10.0.1.100/32\n'went on'";
  const { stdout, stderr } = await engine.runScript(machine(), script);
  t.is(stdout.trim(), 'went on');
  t.regex(stderr, /No MSFT_NetRoute objects found/);
});

engineTest('Find-NetRoute gives the address and the route: longest prefix, then lowest sum of metrics', async (t) => {
  const state = windowsMachine([
    { mac: '00-0D-3A-00-00-01', addresses: [{ ip: '10.0.1.10', prefix: 24 }] },
    { mac: '00-0D-3A-00-00-02', addresses: [{ ip: '10.0.1.11', prefix: 24 }] },
  ]);
  const ask =
    '$a, $r = Find-NetRoute -RemoteIPAddress 10.0.1.100; "$($a.IPAddress) $($r.DestinationPrefix) $($r.NextHop)"';
  t.deepEqual((await line(ask, state)).out, ['10.0.1.10 10.0.1.0/24 0.0.0.0']);
  state.routes.push({ store: 'active', prefix: VIP, index: 7, gateway: '10.0.1.1', metric: 300 });
  t.deepEqual((await line(ask, state)).out, [`10.0.1.11 ${VIP} 10.0.1.1`]);
  state.routes.push({ store: 'active', prefix: VIP, index: 4, gateway: '10.0.1.1', metric: 301 });
  t.deepEqual((await line(ask, state)).out, [`10.0.1.10 ${VIP} 10.0.1.1`], 'interface metrics 10 and 15 count too');
});

engineTest('a script’s exit code, output and end by error come back', async (t) => {
  t.is((await engine.runScript(machine(), 'exit 7')).exitCode, 7);
  const failed = await engine.runScript(machine(), "'a'; throw 'no'");
  t.is(failed.exitCode, 1);
  t.regex(failed.stderr, /no/);
  t.is((await engine.runScript(machine(), "'after'")).stdout, 'after\n', 'nothing of one run is left for the next');
  await t.throwsAsync(engine.runScript({ nope: 1 } as never, 'exit 0'), { message: /nope/ });
});
