/** The best lab that this machine can have. */
import { kernelLabAvailable } from './kernel/available.ts';
import { startKernelLab } from './kernel/lab.ts';
import type { LabOptions, PowerLab } from './lab.ts';
import { startModelLab } from './model/lab.ts';

export interface StartLabOptions extends LabOptions {
  /** Only this kind; undefined: kernel guests where they can be had. */
  kind?: PowerLab['kind'] | undefined;
}

/** Starts kernel guests, or modelled ones where the machine lacks something, and says through `log` which and why. */
export async function startLab({ kind, ...options }: StartLabOptions): Promise<PowerLab> {
  const { log = () => {} } = options;
  if (kind === 'kernel') return startKernelLab(options);
  if (kind === 'model') return startModelLab(options);
  const available = kernelLabAvailable();
  if (available.ok) {
    log('Guests are network stacks of this machine’s kernel.');
    return startKernelLab(options);
  }
  log('Guests are modelled. For network stacks of the kernel this machine lacks:');
  for (const { what, howTo } of available.missing) log(`- ${what}: ${howTo}`);
  return startModelLab(options);
}
