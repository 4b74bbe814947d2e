/** Real probes from the fabric, from Azure's probe address. */
import { get } from 'node:http';
import { createConnection } from 'node:net';
import { PROBE_SOURCE, type ProbeTarget } from '../layout.ts';
import type { ProbeResult } from '../probes.ts';

/** Makes one probe. */
export const probe = (target: ProbeTarget, timeoutMs: number): Promise<ProbeResult> =>
  target.protocol === 'Http' ? probeHttp(target, timeoutMs) : probeTcp(target, timeoutMs);

/** Up with status 200 alone, as Azure documents it. */
function probeHttp({ address, port, path }: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const request = get({
      host: address,
      port,
      path,
      localAddress: PROBE_SOURCE,
      agent: false,
      headers: { 'user-agent': 'Load Balancer Agent' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? 'Up_Probe_Success' : 'Down_Probe_HttpStatusCodeError');
    });
    request.on('error', () => resolve('Down_Probe_HttpEndpointUnreachable'));
  });
}

function probeTcp({ address, port }: ProbeTarget, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port, localAddress: PROBE_SOURCE });
    const finish = (result: ProbeResult) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(finish, timeoutMs, 'Down_Probe_TcpConnectError');
    socket.on('connect', () => finish('Up_Probe_Success'));
    socket.on('error', () => finish('Down_Probe_TcpConnectError'));
  });
}
