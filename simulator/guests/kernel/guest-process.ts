/** The process that lives in a guest: runs scripts and programs there, connects, and is the guest's mirrored instances. */

import type { Instance } from '../instances.ts';
import type { ScriptResult } from '../lab.ts';
import { serve } from '../rpc.ts';
import { ROOT_PATH, Runner } from '../run.ts';
import { connect } from './connect.ts';
import { type Instances, openInstances } from './listen.ts';

const runner = new Runner({
  folder: '/var/lib/waagent/run-command-handler/download',
  scratch: '/run',
  environment: { PATH: ROOT_PATH },
});
let instances: Instances | undefined;

const guest = {
  /** Opens the instances of this VM. */
  async boot(vm: string, list: Instance[]): Promise<void> {
    instances = await openInstances(vm, list);
  },
  setPrimary: (mirror: string, primary: boolean): Promise<void> | undefined => instances?.setPrimary(mirror, primary),
  runScript: (script: string, timeoutSeconds: number, name: string): Promise<ScriptResult> =>
    runner.runScript(script, timeoutSeconds, name),
  cancelScript: (name: string): void => runner.cancelScript(name),
  exec: (argv: string[]): Promise<ScriptResult> => runner.runProgram(argv),
  connect,
};

export type GuestProcess = typeof guest;

process.on('disconnect', () => process.exit());
serve(process, guest);
