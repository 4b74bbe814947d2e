/**
 * The simulated Resource Manager in a process of its own, so that what it does costs the command nothing but the wait:
 * each call is answered some milliseconds late, as one that crosses a network is.
 */
import { startArm } from '../../simulator/arm/arm.ts';
import { scriptedLab } from '../../simulator/chaos/scriptedLab.ts';
import { manyPairs } from '../../simulator/estate/manyPairs.ts';

export interface ArmOrder {
  vms: number;
  pageSize: number;
  latencyMs: number;
}

/** What the command needs to be signed in here. */
export interface ArmReady {
  endpoint: string;
  ca: string;
  token: string;
  subscriptionId: string;
  env: Record<string, string>;
}

/** Calls since the last time that was asked. */
export interface ArmCalls {
  lists: number;
  single: number;
}

process.once('message', async ({ vms, pageSize, latencyMs }: ArmOrder) => {
  const estate = manyPairs(vms);
  const arm = await startArm({
    sites: [{ estate, lab: scriptedLab(estate, 100) }],
    throttle: false,
    authorize: () => true,
    pageSize,
    commandMs: 100,
  });
  arm.fault({ times: Infinity, kind: { slowMs: latencyMs } });
  const { endpoint, ca, env } = arm;
  const token = await arm.token();
  process.send?.({ endpoint, ca, token, env, subscriptionId: estate.subscriptionId } satisfies ArmReady);
  process.on('message', async (word) => {
    if (word === 'end') {
      await arm.close();
      process.exit(0);
    }
    const single = arm.calls.filter(({ path }) => path.includes('/resourceGroups/')).length;
    process.send?.({ single, lists: arm.calls.length - single } satisfies ArmCalls);
    arm.calls.length = 0;
  });
});
