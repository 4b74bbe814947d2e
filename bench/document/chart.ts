/** Bars as SVG, for light and dark pages alike: text in the page's colour where it is inline, else by the reader's choice. */

export interface Bar {
  label: string;
  value: number;
  /** The value as people read it, with its unit. */
  shown: string;
  /** Ours, where others stand beside it. */
  isOurs?: boolean;
}

const WIDTH = 860;
const LABEL = 400;
const ROW = 26;
const TOP = 44;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Horizontal bars under a title. A bar that is nothing is a line. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value), 0) || 1;
  const height = TOP + bars.length * ROW + 10;
  const room = WIDTH - LABEL - 130;
  const lines = bars.map(({ label, value, shown, isOurs }, i) => {
    const y = TOP + i * ROW;
    const width = Math.max(1, Math.round((value / most) * room));
    return [
      `<text x="${LABEL - 10}" y="${y + 14}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${LABEL}" y="${y + 2}" width="${width}" height="17" class="${isOurs ? 'ours' : 'other'}"/>`,
      `<text x="${LABEL + width + 8}" y="${y + 14}">${escaped(shown)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}: ${bars.map(({ label, shown }) => escaped(`${label} ${shown}`)).join('; ')}</title>
<style>
svg { color: #1f2328; font: 13px sans-serif }
text { fill: currentColor }
.ours { fill: #1a7f74 }
.other { fill: #8c959f }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3 } .ours { fill: #3fb6a8 } .other { fill: #6e7681 } }
</style>
<text x="12" y="22" font-weight="bold">${escaped(title)}</text>
${lines.join('\n')}
</svg>
`;
}
