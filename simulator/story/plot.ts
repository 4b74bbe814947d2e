/** The order of the story. */
import { before } from './steps/before.ts';
import { blocked } from './steps/blocked.ts';
import { drift } from './steps/drift.ts';
import { failOver } from './steps/failOver.ts';
import { mixedPool } from './steps/mixedPool.ts';
import { replacedNic } from './steps/replacedNic.ts';
import { sweep } from './steps/sweep.ts';
import { threeMirrors } from './steps/threeMirrors.ts';
import { watched } from './steps/watched.ts';
import type { Story } from './story.ts';

/** Plays everything. A step that fails is told, and the rest is played all the same. */
export async function playAll(story: Story): Promise<void> {
  await story.play('before: every path tried', before);
  await story.play('sweep: found, repaired, proved', sweep);
  await story.play('failover: both primaries on the other VM', failOver);
  // Estates of their own have their steps side by side.
  await Promise.all([
    inTurn(
      () => story.play('drift: rules and routes lost by hand', drift),
      () => story.play('resource change: a NIC replaced', replacedNic),
      () => story.play('watch: a mirror moved and nobody said so', watched),
    ),
    story.play('three mirrors on three VMs', threeMirrors),
    hasWindows(story) ? story.play('mixed pool: a Windows and a Linux member', mixedPool) : undefined,
  ]);
  await story.play('blocked: a VM that a person must help', blocked);
}

async function inTurn(...steps: (() => Promise<void>)[]): Promise<void> {
  for (const step of steps) await step();
}

const hasWindows = (story: Story): boolean =>
  story.stack.sites.some(({ estate }) => estate.vms.some((vm) => vm.os === 'windows'));

/** Another failover, for a person who asks for one. */
export const playFailOver = (story: Story): Promise<void> => story.play('failover: on request', failOver);
