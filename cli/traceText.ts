/** A trace as text: a line per step, the way there and the way back, and where it ends. */
import { printable } from '../shared/views/printable.ts';
import type { TraceScenario, TraceView, TraceWay } from '../shared/views/trace.ts';
import { type Paint, wrapped } from './paint.ts';

const OUTCOMES = {
  works: { word: 'works', style: 'green' },
  fails: { word: 'FAILS', style: 'red' },
  sometimes: { word: 'FAILS SOMETIMES', style: 'red' },
  unknown: { word: 'not known', style: 'yellow' },
} as const;

/** Now, and after each failover. */
export function traceText(trace: TraceView, paint: Paint): string {
  const port = trace.port === undefined ? '' : `, port ${trace.port}`;
  const head = paint('bold', printable(`From ${trace.vm} to ${trace.vip} (${trace.frontend})${port}`));
  const scenarios = trace.scenarios.map((scenario) => scenarioText(scenario, paint));
  const stopped = trace.stopped.map((vm) => `  ${printable(vm)} does not run, so it takes nothing over.`);
  const ways = trace.scenarios.flatMap(({ asIs, withFix }) => [...asIs, ...withFix]);
  const granted = [...new Set(ways.flatMap(({ assumptions }) => assumptions.map(({ text }) => text)))];
  return [
    head,
    ...scenarios,
    ...stopped,
    ...(granted.length > 0 ? ['  Taken for granted:'] : []),
    ...granted.map((text) => wrapped(text, '    ')),
  ].join('\n');
}

function scenarioText({ failoverTo, outcome, asIs, withFix }: TraceScenario, paint: Paint): string {
  const { word, style } = OUTCOMES[outcome];
  const title = failoverTo === undefined ? 'Now' : `After a failover to ${printable(failoverTo)}`;
  const lines = [`  ${title}: ${paint(style, word)}`, ...asIs.flatMap((way) => steps(way, paint))];
  // With the fix in place already, or nothing that could be, there is one way alone.
  if (withFix.length > 0 && asIs.every(({ fix }) => fix !== 'whole')) {
    lines.push(`   with the fix: ${withFix.every((way) => way.outcome === 'works') ? 'works' : 'fails'}`);
    if (outcome !== 'works') lines.push(...withFix.flatMap((way) => steps(way, paint)));
  }
  return lines.join('\n');
}

const steps = ({ steps: all }: TraceWay, paint: Paint): string[] =>
  all.map(({ direction, state, text }) => {
    const arrow = direction === 'there' ? '->' : '<-';
    const mark = state === 'dies' ? paint('red', 'X ') : arrow;
    return wrapped(printable(text), `    ${mark} `, '       ');
  });
