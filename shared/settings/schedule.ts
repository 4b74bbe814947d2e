/**
 * NCRONTAB with six fields, as the Functions host reads a timer's schedule (NCrontab's CrontabFieldImpl.cs and the
 * WebJobs timer extension's CronSchedule.cs). A schedule that the host cannot read disables its timer alone, without a
 * word, so it is read at the start too. Own code and no cron library: those take what this host does not (`?`, `L`,
 * `@daily`), and nothing but the check is needed. What the host takes and reads otherwise than it is written (a step of 0,
 * `FRI-MON`) is refused as well.
 */

interface Field {
  least: number;
  most: number;
  /** Full names, the first for `least`; three letters or more of one stand for it. */
  names?: readonly string[];
}

const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june'],
  ...['july', 'august', 'september', 'october', 'november', 'december'],
];
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** Second, minute, hour, day, month, day of the week. */
const FIELDS: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 6, names: DAYS },
];

/** Days of the longest month of each number. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** True for a schedule that comes round. */
export function isSchedule(text: string): boolean {
  const parts = text.split(' ').filter(Boolean);
  if (parts.length !== FIELDS.length) return false;
  const read = FIELDS.map((field, i) => valuesOf(parts[i] ?? '', field));
  const [, , , days, months] = read;
  if (!days || !months || read.includes(undefined)) return false;
  const firstDay = Math.min(...days);
  // The 30th of February is a schedule to the host: one that never fires.
  return months.some((month) => firstDay <= (MONTH_DAYS[month - 1] ?? 0));
}

/** The values that a field stands for; undefined where it is not right. */
function valuesOf(text: string, field: Field): number[] | undefined {
  const values: number[] = [];
  for (const item of text.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(item) ?? [];
    const [from, to] = endsOf(range, field, step !== undefined) ?? [];
    const every = Number(step ?? 1);
    if (from === undefined || to === undefined || from > to || every === 0) return undefined;
    for (let value = from; value <= to; value += every) values.push(value);
  }
  return values;
}

/** `*`, `a-b` or `a`; with a step `a` means from there to the end. */
function endsOf(range: string, field: Field, stepped: boolean): [from: number, to: number] | undefined {
  if (range === '*') return [field.least, field.most];
  const [, first = '', last] = /^(\w+)(?:-(\w+))?$/.exec(range) ?? [];
  const from = numberOf(first, field);
  let to = stepped ? field.most : from;
  if (last !== undefined) to = numberOf(last, field);
  return from === undefined || to === undefined ? undefined : [from, to];
}

function numberOf(text: string, { least, most, names = [] }: Field): number | undefined {
  if (/^\d{1,4}$/.test(text)) return Number(text) >= least && Number(text) <= most ? Number(text) : undefined;
  if (text.length < 3) return undefined;
  const index = names.findIndex((name) => name.startsWith(text.toLowerCase()));
  return index < 0 ? undefined : least + index;
}
