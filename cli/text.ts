/** An assessment as text for a terminal: three lines, what matters as a table, what to do, what was not read. */
import { getBorderCharacters, table } from 'table';
import { type AssessedPath, type Assessment, isExposedNow, type ResultCode } from '../shared/views/assessment.ts';
import type { Loss } from '../shared/views/loss.ts';
import { printable } from '../shared/views/printable.ts';
import { type Paint, type Style, wrapped } from './paint.ts';
import { traceText } from './traceText.ts';

/** More rows than a person reads; JSON and CSV have them all. */
const MOST_ROWS = 200;

const MARKS: Record<ResultCode, { word: string; style: Style }> = {
  0: { word: 'OK', style: 'green' },
  2: { word: 'EXPOSED', style: 'red' },
  3: { word: 'NOT KNOWN', style: 'yellow' },
};

/** The whole text, with a line break at its end. */
export function assessmentText(assessment: Assessment, paint: Paint): string {
  const parts = [
    summary(assessment, paint),
    pathTable(assessment, paint),
    whatToDo(assessment, paint),
    assessment.trace ? traceText(assessment.trace, paint) : '',
    lossText(assessment.ifLost, paint),
    unreadText(assessment, paint),
    notToldText(assessment, paint),
    listedText(assessment, paint),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Three lines: what there is, how it stands, and the result. */
function summary({ counts, colocated, result, scope, unread }: Assessment, paint: Paint): string {
  const { states } = counts;
  const { word, style } = MARKS[result.exitCode];
  const latent = states.exposed - counts.exposedNow;
  const shared = colocated
    .slice(0, 3)
    .map(({ vm, frontends }) => `${plain(vm)} is primary for ${frontends.map(plain).join(' and ')}`);
  const more = colocated.length > 3 ? [`${colocated.length - 3} more VMs like this`] : [];
  const missing = unread.length > 0 ? [`${count(unread.length, 'thing')} could not be read`] : [];
  const last = [...shared, ...more, ...missing].join('; ');
  return [
    `${count(counts.frontends, 'frontend')} (${count(counts.mirrors, 'mirror')}) on ${count(counts.loadBalancers, 'internal load balancer')}, ${count(counts.vms, 'VM')}, ${count(counts.paths, 'path')} in ${count(scope.subscriptions.length, 'subscription')}`,
    `${counts.exposedNow} fail now, ${latent} would after a failover, ${counts.blocked} of these need a person first; ${states.fixed} fixed, ${states.unknown} not known`,
    `${paint(['bold', style], word)}: ${plain(result.text)}${last === '' ? '' : ` ${last}.`}`,
  ].join('\n');
}

function pathTable({ paths }: Assessment, paint: Paint): string {
  const shown = paths.filter(({ state }) => state === 'exposed' || state === 'unknown');
  if (shown.length === 0) return '';
  const rows = shown.slice(0, MOST_ROWS).map((path) => {
    const { word, style } = labelOf(path);
    return [
      paint(style, word),
      ...[path.vm, path.vip, path.frontend, path.loadBalancer, path.primary ?? '-'].map(plain),
      plain(why(path)),
    ];
  });
  const head = ['', 'VM', 'VIP', 'frontend', 'load balancer', 'primary', 'why'].map((text) => paint('bold', text));
  const rest = shown.length - rows.length;
  return `${grid([head, ...rows])}${rest > 0 ? `\n… and ${count(rest, 'path')} more: see --json or --csv` : ''}`;
}

/** Columns without borders. */
const grid = (rows: string[][]): string =>
  table(rows, {
    border: getBorderCharacters('void'),
    columnDefault: { paddingLeft: 0, paddingRight: 2 },
    drawHorizontalLine: () => false,
  })
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();

function labelOf(path: AssessedPath): { word: string; style: Style } {
  if (path.state === 'unknown') return { word: 'not known', style: 'yellow' };
  if (!isExposedNow(path)) return { word: 'after a failover', style: 'yellow' };
  return { word: path.share < 1 ? `fails now (${Math.round(path.share * 100)} %)` : 'fails now', style: 'red' };
}

const HEARD: Record<AssessedPath['heard'], string> = {
  never: 'no fix was put there by this program',
  report: 'the last report does not decide',
  'other-plan': 'the last command was for other addresses',
  'no-report': 'the last command brought no report',
  unread: 'the last command could not be read',
};

function why({ findings, heard, verdict }: AssessedPath): string {
  const codes = new Set(findings.flatMap(({ code, kind }) => (kind === 'note' ? [] : [code])));
  if (codes.size > 0) return [...codes].join(', ');
  return verdict === 'repairable' ? 'the last report shows it is not as planned' : HEARD[heard];
}

function whatToDo({ findings, paths }: Assessment, paint: Paint): string {
  const lines = findings.map(({ code, text, paths: about }) => {
    const names = about.slice(0, 8).map(({ vm, vip }) => `${vm} to ${vip}`);
    const more = about.length > names.length ? ` and ${about.length - names.length} more` : '';
    return `  ${paint('bold', plain(code))}  ${plain(names.join(', '))}${more}\n${wrapped(plain(text), '    ')}`;
  });
  const free = paths.filter(
    ({ state, verdict, findings: own }) =>
      state === 'exposed' && verdict !== 'blocked' && own.every(({ kind }) => kind !== 'may-end'),
  );
  if (free.length > 0) {
    const text =
      'Azure’s lists show nothing in the way of the fix there. The app puts it on every VM, proves it and keeps it (README); --script VM prints the script to run by hand. What somebody put there by hand is not seen from outside.';
    lines.push(`  ${paint('bold', 'TO BE REPAIRED')}  ${count(free.length, 'path')}\n${wrapped(text, '    ')}`);
  }
  return lines.length === 0 ? '' : `${paint('bold', 'What to do')}\n${lines.join('\n')}`;
}

function lossText(loss: Loss | undefined, paint: Paint): string {
  if (!loss) return '';
  const head = paint('bold', `If ${plain(loss.vm)} is lost`);
  if (loss.moves.length === 0) return `${head}\n  It is primary for nothing that is looked at: no VIP moves.`;
  const moves = loss.moves.map(({ frontend, vip, to }) => {
    const whereTo = to.length > 0 ? `moves to ${to.join(' or ')}` : 'has nobody to move to: no other member runs';
    return `  ${plain(`${frontend} (${vip}) ${whereTo}`)}`;
  });
  const sharing = loss.sharing.map(
    ({ vm, frontends }) => `  ${plain(`${vm} may then serve ${frontends.join(' and ')}`)}`,
  );
  const failing = loss.failing.map(
    ({ vm, frontend, vip }) => `  ${paint('red', plain(`${vm} could then not reach ${frontend} (${vip})`))}`,
  );
  const calm = failing.length === 0 ? ['  No path fails that is not fixed.'] : [];
  return [head, ...moves, ...sharing, ...failing, ...calm].join('\n');
}

const SUBJECTS: Record<Assessment['unread'][number]['what'], string> = {
  lists: 'subscription',
  health: 'rule health of',
  report: 'last command of',
  networks: 'virtual networks of',
  securityGroups: 'network security groups of',
  routeTables: 'route tables of',
  locks: 'locks of',
  sizes: 'VM sizes of',
  agents: 'VM agents of',
};

function unreadText({ unread, notes }: Assessment, paint: Paint): string {
  const rows = unread.slice(0, MOST_ROWS).map(({ what, name, code, text, nextStep }) => {
    const subject = SUBJECTS[what];
    return `  ${plain(`${subject} ${name}`)}: ${paint('yellow', plain(code))}\n${wrapped(plain(`${text} ${nextStep}`), '    ')}`;
  });
  if (unread.length > rows.length) rows.push(`  … and ${count(unread.length - rows.length, 'thing')} more: see --json`);
  const odd = notes.slice(0, 20).map(({ id, text }) => `  ${plain(`${id}: ${text}`)}`);
  if (notes.length > odd.length) odd.push(`  … and ${notes.length - odd.length} more: see --json`);
  const parts = [
    ...(rows.length > 0 ? [`${paint('bold', 'Not read')}\n${rows.join('\n')}`] : []),
    ...(odd.length > 0 ? [`${paint('bold', 'Not understood')}\n${odd.join('\n')}`] : []),
  ];
  return parts.join('\n\n');
}

/** What no list tells, each with where it is about. */
function notToldText({ notTold }: Assessment, paint: Paint): string {
  if (notTold.length === 0) return '';
  const rows = notTold.map(({ code, text, nextStep, ids }) => {
    const names = ids.slice(0, 8).map((id) => plain(id.split('/').at(-1) ?? id));
    const more = ids.length > names.length ? ` and ${ids.length - names.length} more` : '';
    return `  ${paint('yellow', code)}  ${names.join(', ')}${more}\n${wrapped(`${text} ${nextStep}`, '    ')}`;
  });
  return `${paint('bold', 'Told by no list')}\n${rows.join('\n')}`;
}

function listedText({ listed }: Assessment, paint: Paint): string {
  if (listed.length === 0) return '';
  const rows = listed.slice(0, 20).map(({ code, text }) => wrapped(plain(`${code}: ${text}`), '  '));
  const more = listed.length > rows.length ? [`  … and ${listed.length - rows.length} more: see --json`] : [];
  return `${paint('bold', 'Not looked at')}\n${[...rows, ...more].join('\n')}`;
}

/** Names and words from Azure may hold anything: no control character of them reaches a terminal. */
const plain = printable;

const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`;
