/** The networking cmdlets' stand-ins do what Microsoft's pages and users' error texts say of the real ones. */
import { type WindowsState, windowsMachine } from '../../../../simulator/guests/windows/state.ts';
import { useEngine } from '../../../guest/windows/engine.ts';
import { CMDLET_ERRORS, newRoute, removeRoute, told, VIP_PREFIX } from './cmdletErrors.ts';

const { engineTest, engine } = useEngine();

const machine = () => windowsMachine([{ mac: '00-0D-3A-00-00-01', addresses: [{ ip: '10.0.1.10', prefix: 24 }] }]);
const added = (state: WindowsState) =>
  state.routes
    .filter(({ prefix }) => prefix === VIP_PREFIX)
    .map(({ store, gateway, metric }) => `${store} ${gateway} ${metric}`);

async function line(text: string, state = machine()) {
  const { stdout, state: after } = await engine.runScript(state, told(text));
  return { out: stdout.trim().split('\n'), state: after };
}
const NEW = newRoute(4);

engineTest('New-NetRoute writes both stores with metric 256, or the active one alone', async (t) => {
  t.deepEqual(added((await line(NEW)).state), ['active 10.0.1.1 256', 'persistent 10.0.1.1 256']);
  t.deepEqual(added((await line(`${NEW} -PolicyStore ActiveStore -RouteMetric 1`)).state), ['active 10.0.1.1 1']);
});

for (const { title, text, answer } of CMDLET_ERRORS) {
  engineTest(`${title}: ${answer.source}`, async (t) => {
    t.regex((await line(text(4))).out.at(-1) ?? '', answer);
  });
}

engineTest(
  'Remove-NetRoute takes from the named store, or from both; without -Confirm:$false it asks, and nobody answers',
  async (t) => {
    const both = (await line(NEW)).state;
    t.deepEqual(added((await line(`${removeRoute} -Confirm:$false -PolicyStore ActiveStore`, both)).state), [
      'persistent 10.0.1.1 256',
    ]);
    t.deepEqual(added((await line(`${removeRoute} -Confirm:$false`, both)).state), []);
    const asked = await line(removeRoute, both);
    t.is(added(asked.state).length, 2);
    t.not(asked.out[0], '');
  },
);

engineTest(
  'an error without -ErrorAction goes by the global preference: a script’s own, but no function’s',
  async (t) => {
    const call = 'Get-NetRoute -DestinationPrefix 10.0.1.100/32; "went on"';
    const script = `$ErrorActionPreference = 'Stop'\n${call}`;
    const stopped = await engine.runScript(machine(), script);
    t.deepEqual([stopped.stdout.trim(), stopped.exitCode], ['', 1]);
    t.regex(stopped.stderr, /No MSFT_NetRoute objects found/);
    const { stdout, stderr } = await engine.runScript(machine(), `function Go { ${script} }\nGo`);
    t.is(stdout.trim(), 'went on');
    t.regex(stderr, /No MSFT_NetRoute objects found/);
  },
);

engineTest('Find-NetRoute gives the address and the route: longest prefix, then lowest sum of metrics', async (t) => {
  const state = windowsMachine([
    { mac: '00-0D-3A-00-00-01', addresses: [{ ip: '10.0.1.10', prefix: 24 }] },
    { mac: '00-0D-3A-00-00-02', addresses: [{ ip: '10.0.1.11', prefix: 24 }] },
  ]);
  const ask =
    '$a, $r = Find-NetRoute -RemoteIPAddress 10.0.1.100; "$($a.IPAddress) $($r.DestinationPrefix) $($r.NextHop)"';
  t.deepEqual((await line(ask, state)).out, ['10.0.1.10 10.0.1.0/24 0.0.0.0']);
  state.routes.push({ store: 'active', prefix: VIP_PREFIX, index: 7, gateway: '10.0.1.1', metric: 300 });
  t.deepEqual((await line(ask, state)).out, [`10.0.1.11 ${VIP_PREFIX} 10.0.1.1`]);
  state.routes.push({ store: 'active', prefix: VIP_PREFIX, index: 4, gateway: '10.0.1.1', metric: 301 });
  t.deepEqual(
    (await line(ask, state)).out,
    [`10.0.1.10 ${VIP_PREFIX} 10.0.1.1`],
    'interface metrics 10 and 15 count too',
  );
});

engineTest('a script’s exit code, output and end by error come back', async (t) => {
  t.is((await engine.runScript(machine(), 'exit 7')).exitCode, 7);
  const failed = await engine.runScript(machine(), "'a'; throw 'no'");
  t.is(failed.exitCode, 1);
  t.regex(failed.stderr, /no/);
  t.is((await engine.runScript(machine(), "'after'")).stdout, 'after\n', 'nothing of one run is left for the next');
  await t.throwsAsync(engine.runScript({ nope: 1 } as never, 'exit 0'), { message: /nope/ });
});

engineTest(
  'a long string in the pipeline is broken as Windows PowerShell breaks it; the console’s writer breaks none',
  async (t) => {
    const script = `$long = 'x' * 200; $long; [System.Console]::Out.WriteLine($long); 'end'`;
    const { stdout } = await engine.runScript(machine(), script);
    t.deepEqual(
      stdout.split('\n').map((text) => text.length),
      [79, 79, 42, 200, 3, 0],
    );
  },
);
