/** The comparison as a picture: a lane per strategy and member, coloured by what came of the connects. */
import * as echarts from 'echarts';
import type { Sample, Stream, Verdict } from './measure.ts';
import type { Played, Timeline } from './timeline.ts';

const COLOURS: Record<Verdict, string> = { ok: '#2f8f83', wrong: '#f0b429', failed: '#c8443c' };
const MEANING: Record<Verdict, string> = {
  ok: 'the primary answered',
  wrong: 'another instance answered',
  failed: 'the connect failed',
};
/** Connects of this long are one mark; the worst of them gives the colour. */
const BIN_MS = 200;
const SIZE = { width: 960, lane: 20, space: 12, left: 250, right: 20, top: 78, bottom: 44 };

/** A stretch of time in which connects came to the same. */
export interface Stretch {
  from: number;
  to: number;
  verdict: Verdict;
}

const WORSE: Verdict[] = ['ok', 'wrong', 'failed'];

/** Sums connects up to stretches. */
export function stretchesOf(samples: Sample[], binMs = BIN_MS): Stretch[] {
  const bins = new Map<number, Verdict>();
  for (const { at, verdict } of samples) {
    const bin = Math.floor(at / binMs);
    const known = bins.get(bin) ?? 'ok';
    bins.set(bin, WORSE.indexOf(verdict) > WORSE.indexOf(known) ? verdict : known);
  }
  const stretches: Stretch[] = [];
  for (const [bin, verdict] of [...bins].sort(([a], [b]) => a - b)) {
    const last = stretches.at(-1);
    if (last?.verdict === verdict && last.to === bin * binMs) last.to += binMs;
    else stretches.push({ from: bin * binMs, to: (bin + 1) * binMs, verdict });
  }
  return stretches;
}

interface Lane {
  group: string;
  name: string;
  stretches: Stretch[];
  y: number;
}

function lanesOf(all: Played[]): { lanes: Lane[]; height: number } {
  const lanes: Lane[] = [];
  let y = SIZE.top;
  const add = (group: string, name: string, stream: Stream | undefined) => {
    lanes.push({ group, name, stretches: stretchesOf(stream?.samples ?? []), y });
    y += SIZE.lane;
  };
  const find = (played: Played | undefined, kind: Stream['kind'], vm: string) =>
    played?.streams.find((stream) => stream.kind === kind && stream.vm === vm && stream.mirror === 'UCR');
  add('outside the pool, no fix', 'vm-c', find(all[0], 'outside', 'vm-c'));
  for (const played of all) {
    y += SIZE.space;
    add(played.title, 'vm-a', find(played, 'unbound', 'vm-a'));
    add('', 'vm-b', find(played, 'unbound', 'vm-b'));
  }
  return { lanes, height: y + SIZE.bottom };
}

/** Draws the timelines as SVG on a white ground. */
export function comparisonChart(all: Played[], timeline: Timeline): string {
  const { lanes, height } = lanesOf(all);
  const { width, left, right, lane: laneHeight, bottom, top } = SIZE;
  const plot = width - left - right;
  const x = (ms: number) => Math.round((left + (ms / (timeline.end * 1000)) * plot) * 10) / 10;
  const text = (value: string, atX: number, atY: number, more: object = {}) => ({
    type: 'text' as const,
    silent: true,
    style: {
      text: value,
      x: atX,
      y: atY,
      fill: '#222',
      font: '13px sans-serif',
      verticalAlign: 'middle' as const,
      ...more,
    },
  });
  const box = (atX: number, atY: number, boxWidth: number, boxHeight: number, fill: string) => ({
    type: 'rect' as const,
    silent: true,
    shape: { x: atX, y: atY, width: Math.round(boxWidth * 10) / 10, height: boxHeight },
    style: { fill },
  });
  const legend = WORSE.flatMap((verdict, index) => [
    box(left + index * 215, 14, 14, 14, COLOURS[verdict]),
    text(MEANING[verdict], left + index * 215 + 20, 21),
  ]);
  const bars = lanes.flatMap(({ group, name, stretches, y }) => [
    ...(group ? [text(group, 12, y + laneHeight / 2, { fontWeight: 'bold' })] : []),
    text(name, left - 10, y + laneHeight / 2, { align: 'right' }),
    ...stretches.map(({ from, to, verdict }) =>
      box(x(from), y + 1, x(Math.min(to, timeline.end * 1000)) - x(from), laneHeight - 2, COLOURS[verdict]),
    ),
  ]);
  const events: [number, string][] = [
    [timeline.away, 'primary to vm-b'],
    [timeline.back, 'primary to vm-a'],
    [timeline.drift, 'drift'],
  ];
  const marks = events.flatMap(([second, what]) => [
    {
      type: 'line' as const,
      silent: true,
      shape: { x1: x(second * 1000), y1: top - 12, x2: x(second * 1000), y2: height - bottom + 4 },
      style: { stroke: '#222', lineWidth: 1.5, lineDash: [4, 3] },
    },
    text(what, x(second * 1000), top - 22, { align: 'center' }),
  ]);
  const ticks = Array.from({ length: Math.floor(timeline.end / 5) + 1 }, (_, index) => index * 5).map((second) =>
    text(`${second} s`, x(second * 1000), height - bottom + 18, { align: 'center', fill: '#555' }),
  );
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    graphic: { elements: [...legend, ...bars, ...marks, ...ticks] },
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // What only a pointer in a browser would see goes; what a screen reader says comes.
  return svg
    .replace(/\n?<style.*?<\/style>/s, '')
    .replaceAll(/ class="[^"]*"/g, '')
    .replace(/^<svg [^>]*>/, '$&\n<title>What connects came to over time, for each strategy</title>');
}
