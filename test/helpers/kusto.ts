/**
 * Runs a query in the Kusto language over rows, as far as the queries of docs/logs.md go: where, extend, project, order by, take;
 * comparisons, and, or, has, in, !in; the functions below. Anything else throws, so that no query passes half read.
 * Meanings: learn.microsoft.com, "Kusto Query Language", the page of each operator and function.
 */

export type Row = Readonly<Record<string, unknown>>;

type Value = (row: Row) => unknown;

/** The rows that a query finds. `now` is what `ago` counts from, epoch milliseconds. */
export function runQuery(query: string, table: string, rows: readonly Row[], now: number): Row[] {
  const [source, ...operators] = split(query);
  if (source !== table) throw new Error(`the query is about ${source}, not ${table}`);
  return operators.reduce<Row[]>((found, text) => operate(text, found, now), [...rows]);
}

/** A query's parts between its pipes; there are none in texts of these queries. */
const split = (query: string): string[] => query.split('|').map((part) => part.trim());

function operate(text: string, rows: Row[], now: number): Row[] {
  const [, operator = '', rest = ''] = /^(order by|\w+)\s+([\s\S]+)$/.exec(text) ?? [];
  const reader = new Reader(rest, now);
  switch (operator) {
    case 'where': {
      const holds = reader.all();
      return rows.filter((row) => holds(row) === true);
    }
    case 'extend': {
      const columns = reader.columns();
      return rows.map((row) => ({ ...row, ...Object.fromEntries(columns.map(([name, value]) => [name, value(row)])) }));
    }
    case 'project': {
      const columns = reader.columns();
      return rows.map((row) => Object.fromEntries(columns.map(([name, value]) => [name, value(row)])));
    }
    case 'order by': {
      const [, column = '', way] = /^(\w+) (asc|desc)$/.exec(rest) ?? [];
      const sign = way === 'desc' ? -1 : 1;
      if (way === undefined) throw new Error(`order by ${rest} is not read`);
      return rows.toSorted((a, b) => sign * (Number(known(a, column)) - Number(known(b, column))));
    }
    default:
      throw new Error(`${text} is not read`);
  }
}

const TOKEN = /\s*("[^"]*"|'[^']*'|\d+[dhm]?\b|!?[A-Za-z_]\w*|>=|<=|==|!=|[=<>(),.])/y;
const UNITS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

class Reader {
  readonly #tokens: string[] = [];
  readonly #now: number;
  #at = 0;

  constructor(text: string, now: number) {
    this.#now = now;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.trimEnd().length) {
      const from = TOKEN.lastIndex;
      const token = TOKEN.exec(text)?.[1];
      if (token === undefined) throw new Error(`${text.slice(from)} is not read`);
      this.#tokens.push(token);
    }
  }

  /** One expression, and nothing after it. */
  all(): Value {
    const value = this.#or();
    if (this.#at < this.#tokens.length) throw new Error(`${this.#tokens.slice(this.#at).join(' ')} is not read`);
    return value;
  }

  /** `name = expression` or `name`, with commas between. */
  columns(): [name: string, value: Value][] {
    const found: [string, Value][] = [];
    do {
      const name = this.#next();
      found.push([name, this.#take('=') ? this.#or() : (row) => known(row, name)]);
    } while (this.#take(','));
    if (this.#at < this.#tokens.length) throw new Error(`${this.#tokens.slice(this.#at).join(' ')} is not read`);
    return found;
  }

  #or(): Value {
    const parts = [this.#and()];
    while (this.#take('or')) parts.push(this.#and());
    return parts.length === 1 ? (parts[0] as Value) : (row) => parts.some((part) => part(row) === true);
  }

  #and(): Value {
    const parts = [this.#compare()];
    while (this.#take('and')) parts.push(this.#compare());
    return parts.length === 1 ? (parts[0] as Value) : (row) => parts.every((part) => part(row) === true);
  }

  #compare(): Value {
    const left = this.#term();
    const operator = this.#tokens[this.#at] ?? '';
    if (operator === 'in' || operator === '!in') {
      this.#at += 1;
      const items = this.#list();
      return (row) => items.some((item) => item(row) === left(row)) === (operator === 'in');
    }
    const compare = COMPARE[operator];
    if (!compare) return left;
    this.#at += 1;
    const right = this.#term();
    return (row) => compare(left(row), right(row));
  }

  #term(): Value {
    const token = this.#next();
    if (/^["']/.test(token)) return () => token.slice(1, -1);
    const [, amount, unit] = /^(\d+)([dhm])?$/.exec(token) ?? [];
    if (amount !== undefined) return () => Number(amount) * (unit === undefined ? 1 : (UNITS[unit] ?? Number.NaN));
    if (token === '(') {
      const inner = this.#or();
      this.#must(')');
      return inner;
    }
    if (this.#tokens[this.#at] === '(') {
      const args = this.#list();
      const call = FUNCTIONS[token];
      if (!call) throw new Error(`the function ${token} is not read`);
      return (row) =>
        call(
          args.map((arg) => arg(row)),
          this.#now,
        );
    }
    let value: Value = (row) => known(row, token);
    while (this.#take('.')) {
      const name = this.#next();
      const of = value;
      value = (row) => member(of(row), name);
    }
    return value;
  }

  #list(): Value[] {
    this.#must('(');
    const items = [this.#or()];
    while (this.#take(',')) items.push(this.#or());
    this.#must(')');
    return items;
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error(`something is missing after ${this.#tokens.join(' ')}`);
    this.#at += 1;
    return token;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #must(token: string): void {
    if (!this.#take(token)) throw new Error(`${token} is missing in ${this.#tokens.join(' ')}`);
  }
}

/** A column of a row. A query that names none of the table fails, as it does there. */
function known(row: Row, name: string): unknown {
  if (!Object.hasOwn(row, name)) throw new Error(`there is no column ${name}`);
  return row[name];
}

/** A property of a dynamic value; null where there is none. */
const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Row)[name] : null;

const COMPARE: Record<string, (a: unknown, b: unknown) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => Number(a) > Number(b),
  '>=': (a, b) => Number(a) >= Number(b),
  '<': (a, b) => Number(a) < Number(b),
  '<=': (a, b) => Number(a) <= Number(b),
  // Whole terms of letters and digits, in any letter case.
  has: (a, b) =>
    String(a)
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .includes(String(b).toLowerCase()),
};

const FUNCTIONS: Record<string, (args: unknown[], now: number) => unknown> = {
  ago: ([span], now) => now - Number(span),
  isnotempty: ([value]) => value !== null && value !== '',
  // A text that is no JSON stays the text that it is.
  parse_json: ([text]) => {
    try {
      return JSON.parse(String(text));
    } catch {
      return text;
    }
  },
  tostring: ([value]) => {
    if (value === null) return '';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  },
};
