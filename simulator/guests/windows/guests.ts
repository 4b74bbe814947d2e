/**
 * The Windows VMs of an estate as modelled machines: each keeps its routes and registry from one script to the next,
 * and the script is the shipped one, run by a PowerShell engine. What is behind a VIP is asked for at each run.
 */
import type { Estate, EstateLoadBalancer, EstateRule } from '../../estate/estate.ts';
import type { LabConnect, LabConnectOutcome, ScriptResult } from '../lab.ts';
import { backendsOf, named } from '../pools.ts';
import { startWindowsEngine, type WindowsRun } from './engine.ts';
import { restarted, type WindowsState, type WindowsVip, windowsMachine } from './state.ts';

/** The VM that is primary of a mirror now; undefined: nobody. */
export type PrimaryOf = (mirror: string) => string | undefined;

export interface WindowsGuests {
  /** Runs a script as SYSTEM. Times are those of the machine's own clock: a time-out takes no time here. */
  runScript(vm: string, script: string, timeoutSeconds: number): Promise<ScriptResult>;
  /** One TCP connect from inside the guest; `answer` names who accepted, as `vm/mirror peer`. */
  connect(vm: string, target: { address: string; port: number; timeoutMs: number }): Promise<LabConnect>;
  /** The machine as it stands; change it to make drift. */
  state(vm: string): WindowsState;
  /** Starts a VM anew: persistent routes come back, others are gone. */
  restart(vm: string): void;
  /** All machines as they booted first. */
  reset(): void;
  stop(): Promise<void>;
}

/** Starts the engine and boots every Windows VM of the estate. Throws Error when the engine cannot be had. */
export async function startWindowsGuests(estate: Estate, primaryOf: PrimaryOf): Promise<WindowsGuests> {
  const engine = await startWindowsEngine();
  const machines = new Map<string, WindowsState>();
  const reset = () => {
    for (const vm of estate.vms) if (vm.os === 'windows') machines.set(vm.name, booted(estate, vm.name));
  };
  reset();
  const state = (vm: string): WindowsState => {
    const machine = machines.get(vm);
    if (!machine) throw new Error(`${vm} is no Windows VM of the estate.`);
    return machine;
  };
  const run = async (vm: string, script: string): Promise<WindowsRun> => {
    const machine = { ...state(vm), vips: vipsOf(estate, primaryOf) };
    const result = await engine.runScript(machine, script);
    machines.set(vm, result.state);
    return result;
  };
  return {
    state,
    reset,
    restart: (vm) => void machines.set(vm, restarted(state(vm))),
    stop: () => engine.stop(),
    async runScript(vm, script, timeoutSeconds) {
      const { exitCode, stdout, stderr, ms } = await run(vm, script);
      const timedOut = ms > timeoutSeconds * 1000;
      return { ...(timedOut ? {} : { exitCode }), timedOut, stdout, stderr };
    },
    async connect(vm, target) {
      const { stdout, stderr } = await run(vm, connectScript(target));
      const [outcome = '', ms = '0', local] = stdout.trim().split(' ');
      if (!OUTCOMES.has(outcome)) throw new Error(`A connect from ${vm} ended without an outcome: ${stdout}${stderr}`);
      const answer = local && `${whoAnswers(estate, primaryOf, target)} ${local}`;
      return {
        outcome: outcome as LabConnectOutcome,
        ms: Number(ms),
        ...(local && { local }),
        ...(answer && { answer }),
      };
    },
  };
}

function booted(estate: Estate, name: string): WindowsState {
  const prefix = Number(estate.subnet.prefix.split('/')[1]);
  const vm = named(estate.vms, name, 'VM');
  return windowsMachine(
    vm.nics.map(({ mac, ips }) => ({ mac, addresses: ips.map(({ address }) => ({ ip: address, prefix })) })),
  );
}

/** Rules that a connect can pass, with the mirror behind each, if one is. */
function rulesOf(estate: Estate): { balancer: EstateLoadBalancer; rule: EstateRule; vip: string; mirror?: string }[] {
  return estate.loadBalancers.flatMap((balancer) =>
    balancer.rules
      .filter(({ protocol, floatingIp }) => protocol !== 'Udp' && !floatingIp)
      .map((rule) => {
        const vip = named(balancer.frontends, rule.frontend, `load balancer ${balancer.name}: frontend`).address;
        const mirror = estate.mirrors.find(
          (one) => one.loadBalancer === balancer.name && one.frontend === rule.frontend,
        );
        return { balancer, rule, vip, ...(mirror && { mirror: mirror.name }) };
      }),
  );
}

/** What the load balancer does with each VIP now: to each address of the mirror's primary, or to a pool's first member. */
export function vipsOf(estate: Estate, primaryOf: PrimaryOf): WindowsVip[] {
  return rulesOf(estate).flatMap(({ balancer, rule, vip, mirror }) => {
    const members = backendsOf(estate, balancer, rule.pool);
    const primary = mirror === undefined ? undefined : primaryOf(mirror);
    const first = members.slice(0, 1);
    const found = mirror === undefined ? first : members.filter(({ member }) => member?.startsWith(`${primary}/`));
    const towards: WindowsVip = { ip: vip, port: rule.frontendPort, listening: true, ms: 1 };
    const backendPort = rule.frontendPort === 0 ? {} : { backendPort: rule.backendPort };
    if (found.length === 0) return [towards];
    return found.map(({ address }): WindowsVip => ({ ...towards, backend: address, ...backendPort }));
  });
}

function whoAnswers(
  estate: Estate,
  primaryOf: PrimaryOf,
  { address, port }: { address: string; port: number },
): string {
  const hit = rulesOf(estate).find(({ rule, vip }) => vip === address && [0, port].includes(rule.frontendPort));
  if (!hit) return 'unknown';
  if (hit.mirror !== undefined) return `${primaryOf(hit.mirror)}/${hit.mirror}`;
  return `${backendsOf(estate, hit.balancer, hit.rule.pool)[0]?.member?.split('/')[0]}/none`;
}

const OUTCOMES = new Set<string>([
  'ok',
  'timeout',
  'refused',
  'reset',
  'unreachable',
  'error',
] satisfies LabConnectOutcome[]);

/** Prints outcome, milliseconds and, when connected, the own address and port. */
const connectScript = ({ address, port, timeoutMs }: { address: string; port: number; timeoutMs: number }): string => `
$clock = [System.Diagnostics.Stopwatch]::StartNew()
$client = [System.Net.Sockets.TcpClient]::new()
$task = $client.ConnectAsync([System.Net.IPAddress]::Parse('${address}'), ${port})
while (-not $task.IsCompleted -and $clock.ElapsedMilliseconds -lt ${timeoutMs}) { [System.Threading.Thread]::Sleep(1) }
$ms = $clock.ElapsedMilliseconds
if (-not $task.IsCompleted) { "timeout $ms" }
elseif (-not $task.IsFaulted) { "ok $ms $($client.Client.LocalEndPoint)" }
else {
    $names = @{ ConnectionRefused = 'refused'; ConnectionReset = 'reset'; NetworkUnreachable = 'unreachable'; TimedOut = 'timeout' }
    $name = $names["$($task.Exception.GetBaseException().SocketErrorCode)"]
    if (-not $name) { $name = 'error' }
    "$name $ms"
}
$client.Close()
`;
