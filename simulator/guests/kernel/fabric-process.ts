/** The lab's main process: serves the fabric to the process that started the lab, and ends with it. */
import type { Estate } from '../../estate/estate.ts';
import { layoutOf } from '../layout.ts';
import { serve } from '../rpc.ts';
import { Fabric, type FabricLab } from './fabric.ts';

export type FabricProcess = FabricLab & { start(estate: Estate): Promise<void> };

let fabric: Fabric | undefined;
const started = (): Fabric => {
  if (!fabric) throw new Error('the lab was not started');
  return fabric;
};

const served: FabricProcess = {
  async start(estate) {
    fabric = new Fabric(layoutOf(estate));
    await fabric.start();
  },
  runScript: (...args) => started().runScript(...args),
  cancelScript: (...args) => started().cancelScript(...args),
  exec: (...args) => started().exec(...args),
  connect: (...args) => started().connect(...args),
  setPrimary: (...args) => started().setPrimary(...args),
  setPower: (...args) => started().setPower(...args),
  health: (...args) => started().health(...args),
  ip: (lines) => started().ip(lines),
  counters: () => started().counters(),
  resetCounters: () => started().resetCounters(),
  lie: (...args) => started().lie(...args),
  reset: () => started().reset(),
};

process.on('disconnect', () => process.exit());
serve(process, served);
