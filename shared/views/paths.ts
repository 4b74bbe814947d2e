/** What becomes of the connections of one VM to one VIP, as the app knows the estate. Pure. */

import { InputError } from '../errors.ts';
import type { Survey } from '../evaluate/survey.ts';
import { type EstateHead, estateHead, type KnownView } from './estateHead.ts';
import { frontendNamed, memberNamed } from './names.ts';
import { type TraceView, traceView } from './trace.ts';

export interface PathTraceView extends EstateHead {
  trace: TraceView;
}

/**
 * The trace of a path: the VM by name or id, the frontend by VIP, name or id. Throws InputError for what is not there and
 * for a name of several.
 */
export function pathTraceView(
  known: KnownView & { surveyed: Survey },
  { vm, vip }: { vm: string; vip: string },
): PathTraceView {
  const { observed, surveyed, evaluation } = known;
  const member = memberNamed('vm', vm, evaluation);
  const frontend = frontendNamed('vip', vip, member, evaluation);
  const trace = traceView(observed, surveyed, evaluation, { vm: member, frontend });
  if (!trace) throw new InputError('NOT_FOUND', 'vip', vip, 'the VM has no path to it');
  return { ...estateHead(known), trace };
}
