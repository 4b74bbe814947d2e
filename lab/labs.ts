/** Labs in kernel namespaces, one for each estate, started when first asked for and taken back to their start between cases. */
import type { Estate } from '../simulator/estate/estate.ts';
import { type KernelLab, startKernelLab } from '../simulator/guests/kernel/lab.ts';

const labs = new Map<() => Estate, Promise<KernelLab>>();
let standing: KernelLab | undefined;

/**
 * A lab whose guests are as they booted. The same function means the same lab: it is reset, not started again, unless a
 * case left it so that it cannot be reset, or it could not start.
 */
export async function freshLab(estate: () => Estate): Promise<KernelLab> {
  standing = undefined;
  const known = labs.get(estate);
  if (known && (await resets(known))) return known;
  const lab = startKernelLab({ estate: estate() });
  labs.set(estate, lab);
  return lab;
}

/** Takes a lab back to its start. One that cannot be taken there is ended: it has nothing that a later case wants. */
async function resets(started: Promise<KernelLab>): Promise<boolean> {
  const lab = await started.catch(() => undefined); // its own case has the reason
  if (!lab) return false;
  try {
    await lab.reset();
    return true;
  } catch (error) {
    console.error(`A lab is started anew, since it cannot be reset: ${(error as Error).message}`);
    await lab.stop();
    return false;
  }
}

/** Keeps a lab as it is now for the next case that can go on from there; the next fresh one puts an end to that. */
export const leaveStanding = (lab: KernelLab): void => {
  standing = lab;
};

/** The lab that was left standing. It is the caller's from now on: a case that fails leaves nothing behind. */
export function takeStanding(): KernelLab | undefined {
  const lab = standing;
  standing = undefined;
  return lab;
}

/** Ends all labs. One that could not start has ended already; its case has the reason. */
export async function stopLabs(): Promise<void> {
  const started = await Promise.allSettled(labs.values());
  labs.clear();
  standing = undefined;
  for (const one of started) if (one.status === 'fulfilled') await one.value.stop();
}
