/** A lab with some of its abilities replaced. Labs keep private state, so they are delegated to, never copied. */
import type { GuestLab, PowerLab } from './lab.ts';

export function wrapLab(lab: GuestLab & Partial<PowerLab>, change: Partial<GuestLab>): GuestLab & Partial<PowerLab> {
  const { setPower } = lab;
  return {
    kind: lab.kind,
    runScript: (...args) => lab.runScript(...args),
    exec: (...args) => lab.exec(...args),
    connect: (...args) => lab.connect(...args),
    setPrimary: (...args) => lab.setPrimary(...args),
    health: (...args) => lab.health(...args),
    counters: () => lab.counters(),
    resetCounters: () => lab.resetCounters(),
    lie: (...args) => lab.lie(...args),
    reset: () => lab.reset(),
    stop: () => lab.stop(),
    ...(setPower ? { setPower: (...args: Parameters<typeof setPower>) => setPower.apply(lab, args) } : {}),
    ...change,
  };
}
