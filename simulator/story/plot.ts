/** The order of the story. */
import { before } from './steps/before.ts';
import { blocked } from './steps/blocked.ts';
import { drift } from './steps/drift.ts';
import { failOver } from './steps/failOver.ts';
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
  await story.play('drift: rules and routes lost by hand', drift);
  await story.play('resource change: a NIC replaced', replacedNic);
  await story.play('watch: a mirror moved and nobody said so', watched);
  await story.play('three mirrors on three VMs', threeMirrors);
  await story.play('blocked: a VM that a person must help', blocked);
}

/** Another failover, for a person who asks for one. */
export const playFailOver = (story: Story): Promise<void> => story.play('failover: on request', failOver);
