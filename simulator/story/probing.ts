/** Connects from inside the guests, as applications make them. */
import type { Estate } from '../estate/estate.ts';
import type { GuestLab, LabConnect } from '../guests/lab.ts';

/** One member towards one VIP. */
export interface Target {
  vm: string;
  mirror: string;
  frontend: string;
  vip: string;
  port: number;
}

/** Every member towards every VIP of its mirrors. */
export function targetsOf(estate: Estate): Target[] {
  return estate.mirrors.flatMap((mirror) => {
    const balancer = estate.loadBalancers.find((item) => item.name === mirror.loadBalancer);
    const vip = balancer?.frontends.find((item) => item.name === mirror.frontend)?.address ?? '';
    const port = balancer?.rules.find((item) => item.frontend === mirror.frontend)?.frontendPort ?? 0;
    return mirror.members.map((vm) => ({ vm, mirror: mirror.name, frontend: mirror.frontend, vip, port }));
  });
}

/** Tries one path. */
export const tryPath = (lab: GuestLab, target: Target, timeoutMs: number): Promise<LabConnect> =>
  lab.connect(target.vm, { address: target.vip, port: target.port, timeoutMs });

export interface Pace {
  /** Longest time from one answer by the primary to the next, ms. */
  gapMs: number;
  connects: number;
  /** Connects without an answer from the mirror's primary. */
  failed: number;
  /** When the last one failed, epoch ms; undefined when none did. */
  lastFailedAt?: number;
}

/**
 * Connects to one path every `everyMs`, until stopped. Only an answer of the VM that is primary at that moment
 * counts: a superserver on a backup takes connections too, and is of no use to anybody.
 */
export function startPacing(
  lab: GuestLab,
  target: Target,
  everyMs: number,
  primary: () => string | undefined,
): () => Promise<Pace> {
  const pending = new Set<Promise<void>>();
  const pace: Pace = { gapMs: 0, connects: 0, failed: 0 };
  let lastAnswer = Date.now();
  const timer = setInterval(() => {
    const one = tryPath(lab, target, 1000).then((connect) => {
      pace.connects += 1;
      if (connect.outcome === 'ok' && connect.answer?.startsWith(`${primary()}/`)) {
        pace.gapMs = Math.max(pace.gapMs, Date.now() - lastAnswer);
        lastAnswer = Date.now();
      } else {
        pace.failed += 1;
        pace.lastFailedAt = Date.now();
      }
    });
    pending.add(one);
    void one.finally(() => pending.delete(one));
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(pending);
    pace.gapMs = Math.max(pace.gapMs, Date.now() - lastAnswer);
    return pace;
  };
}

/** The packets that the load balancer saw, as evidence. */
export async function packets(lab: GuestLab): Promise<string> {
  const counters = await lab.counters();
  return counters
    .map((vip) => `${vip.vip}: ${vip.flows} flows, ${vip.packetsTo} packets to the backend, ${vip.packetsFrom} back`)
    .join('; ');
}
