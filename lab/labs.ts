/** Labs in kernel namespaces, one for each estate, started when first asked for and taken back to their start between cases. */
import type { Estate } from '../simulator/estate/estate.ts';
import { type KernelLab, startKernelLab } from '../simulator/guests/kernel/lab.ts';

const labs = new Map<() => Estate, Promise<KernelLab>>();
let inUse: Promise<KernelLab> | undefined;

/** A lab whose guests are as they booted. The same function means the same lab: it is reset, not started again. */
export async function freshLab(estate: () => Estate): Promise<KernelLab> {
  const known = labs.get(estate);
  const lab = known ?? startKernelLab({ estate: estate() });
  labs.set(estate, lab);
  inUse = lab;
  if (known) await (await lab).reset();
  return lab;
}

/** The lab that was fresh last, as it is now: undefined when that was another one. */
export const labInUse = async (estate: () => Estate): Promise<KernelLab | undefined> =>
  labs.get(estate) === inUse ? inUse : undefined;

/** Ends all labs. One that could not start has ended already; its case has the reason. */
export async function stopLabs(): Promise<void> {
  const started = await Promise.allSettled(labs.values());
  labs.clear();
  inUse = undefined;
  for (const one of started) if (one.status === 'fulfilled') await one.value.stop();
}
