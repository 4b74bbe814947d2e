/**
 * Runs a query in the Kusto language over rows, as far as the queries of docs/ and infra/ go: let, union, where, extend,
 * project, summarize, mv-expand, order by, take; arithmetic, comparisons, and, or, has, in, !in; the functions below.
 * Anything else throws, so that no query passes half read. Times are epoch milliseconds, and so are spans.
 * Meanings: learn.microsoft.com, "Kusto Query Language", the page of each operator and function.
 */

export type Row = Readonly<Record<string, unknown>>;

type Value = (row: Row) => unknown;

/** The rows that a query finds. `now` is what `ago` counts from, epoch milliseconds. */
export function runQuery(query: string, table: string, rows: readonly Row[], now: number): Row[] {
  const lets: Record<string, unknown> = {};
  const plain = query
    .replace(/^\/\/.*$/gm, '')
    .replace(/^let (\w+) = ([^;]+);$/gm, (_, name: string, value: string) => {
      lets[name] = new Reader(value, { now, lets }).all()({});
      return '';
    });
  const [source = '', ...operators] = split(plain);
  const about = source.replace(/^union isfuzzy=true /, '');
  if (about !== table) throw new Error(`the query is about ${source}, not ${table}`);
  return operators.reduce<Row[]>((found, text) => operate(text, found, { now, lets }), [...rows]);
}

interface Known {
  now: number;
  /** Values that `let` has named. */
  lets: Readonly<Record<string, unknown>>;
}

/** A query's parts between its pipes; there are none in texts of these queries. */
const split = (query: string): string[] => query.split('|').map((part) => part.trim());

function operate(text: string, rows: Row[], context: Known): Row[] {
  const [, operator = '', rest = ''] = /^(order by|mv-expand|\w+)\s+([\s\S]+)$/.exec(text) ?? [];
  if (operator === 'mv-expand') return expand(rest, rows);
  const reader = new Reader(operator === 'order by' ? '' : rest, context);
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
    case 'summarize':
      return summarize(reader, rows);
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

/** `name = list to typeof(string)`: a row for each item. A list that is none gives its row once, with null. */
function expand(text: string, rows: readonly Row[]): Row[] {
  const [, name, source] = /^(\w+) = (\w+) to typeof\(string\)$/.exec(text) ?? [];
  if (name === undefined || source === undefined) throw new Error(`mv-expand ${text} is not read`);
  return rows.flatMap((row) => {
    const list = known(row, source);
    if (!Array.isArray(list)) return [{ ...row, [name]: list ?? '' }];
    return list.map((item) => ({ ...row, [name]: String(item) }));
  });
}

/** Aggregates over the rows of each group; without `by` there is one group, also of no rows. */
function summarize(reader: Reader, rows: readonly Row[]): Row[] {
  const { aggregates, by } = reader.summary();
  const keyOf = (row: Row): Row => Object.fromEntries(by.map(([name, value]) => [name, value(row)]));
  const groups = Map.groupBy(rows, (row) => JSON.stringify(keyOf(row)));
  if (by.length === 0 && groups.size === 0) groups.set('{}', []);
  return [...groups].map(([key, group]) =>
    Object.assign(JSON.parse(key) as Row, ...aggregates.map((aggregate) => aggregate(group))),
  );
}

type Aggregate = (group: readonly Row[]) => Row;

const TOKEN = /\s*("[^"]*"|'[^']*'|\d+[dhm]?\b|!?[A-Za-z_]\w*|>=|<=|==|!=|[=<>(),.*/-])/y;
const UNITS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

class Reader {
  readonly #tokens: string[] = [];
  readonly #context: Known;
  #at = 0;

  constructor(text: string, context: Known) {
    this.#context = context;
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
    const found = this.#named();
    if (this.#at < this.#tokens.length) throw new Error(`${this.#tokens.slice(this.#at).join(' ')} is not read`);
    return found;
  }

  /** `name = expression`, `name` or `bin(name, span)`, with commas between. */
  #named(): [name: string, value: Value][] {
    const found: [string, Value][] = [];
    do {
      const name = this.#next();
      if (name === 'bin' && this.#tokens[this.#at] === '(') {
        const column = this.#tokens[this.#at + 1] ?? '';
        this.#at -= 1;
        found.push([column, this.#or()]);
      } else found.push([name, this.#take('=') ? this.#or() : (row) => known(row, name)]);
    } while (this.#take(','));
    return found;
  }

  /** `name = function(…)` or `arg_max(…)`, with commas between, and what follows `by`. */
  summary(): { aggregates: Aggregate[]; by: [name: string, value: Value][] } {
    const aggregates: Aggregate[] = [];
    do aggregates.push(this.#aggregate());
    while (this.#take(','));
    const by = this.#take('by') ? this.#named() : [];
    if (this.#at < this.#tokens.length) throw new Error(`${this.#tokens.slice(this.#at).join(' ')} is not read`);
    return { aggregates, by };
  }

  #aggregate(): Aggregate {
    const name = this.#next();
    if (name === 'arg_max') {
      this.#must('(');
      const columns = this.#named();
      this.#must(')');
      const [of] = columns;
      return (group) => {
        const latest = group.reduce((a, b) => (Number(of?.[1](b)) > Number(of?.[1](a)) ? b : a), group[0] ?? {});
        return Object.fromEntries(columns.map(([column, value]) => [column, value(latest)]));
      };
    }
    this.#must('=');
    const kind = this.#next();
    const aggregate = AGGREGATES[kind];
    if (!aggregate) throw new Error(`the aggregate ${kind} is not read`);
    this.#must('(');
    const value = this.#take(')') ? () => true : this.#or();
    if (this.#tokens[this.#at - 1] !== ')' || this.#tokens[this.#at] === ')') this.#must(')');
    return (group) => ({ [name]: aggregate(group.map(value)) });
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
    const left = this.#sum();
    const operator = this.#tokens[this.#at] ?? '';
    if (operator === 'in' || operator === '!in') {
      this.#at += 1;
      const items = this.#list();
      return (row) => items.some((item) => item(row) === left(row)) === (operator === 'in');
    }
    const compare = COMPARE[operator];
    if (!compare) return left;
    this.#at += 1;
    const right = this.#sum();
    return (row) => compare(left(row), right(row));
  }

  #sum(): Value {
    let left = this.#product();
    while (this.#take('-')) {
      const [from, what] = [left, this.#product()];
      left = (row) => Number(from(row)) - Number(what(row));
    }
    return left;
  }

  #product(): Value {
    let left = this.#term();
    for (;;) {
      const sign = this.#tokens[this.#at];
      if (sign !== '*' && sign !== '/') return left;
      this.#at += 1;
      const [a, b] = [left, this.#term()];
      left = (row) => (sign === '*' ? Number(a(row)) * Number(b(row)) : Number(a(row)) / Number(b(row)));
    }
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
          this.#context.now,
        );
    }
    const { lets } = this.#context;
    let value: Value = Object.hasOwn(lets, token) ? () => lets[token] : (row) => known(row, token);
    while (this.#take('.')) {
      const name = this.#next();
      const of = value;
      value = (row) => member(of(row), name);
    }
    return value;
  }

  #list(): Value[] {
    this.#must('(');
    if (this.#take(')')) return [];
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
  // With null nothing is greater or less.
  '>': (a, b) => a !== null && b !== null && Number(a) > Number(b),
  '>=': (a, b) => a !== null && b !== null && Number(a) >= Number(b),
  '<': (a, b) => a !== null && b !== null && Number(a) < Number(b),
  '<=': (a, b) => a !== null && b !== null && Number(a) <= Number(b),
  // Whole terms of letters and digits, in any letter case.
  has: (a, b) =>
    String(a)
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .includes(String(b).toLowerCase()),
};

const AGGREGATES: Record<string, (values: readonly unknown[]) => unknown> = {
  count: (values) => values.length,
  countif: (values) => values.filter((value) => value === true).length,
  dcount: (values) => new Set(values).size,
  max: (values) => Math.max(...values.map(Number)),
  sum: (values) => values.reduce<number>((sum, value) => sum + Number(value), 0),
};

const FUNCTIONS: Record<string, (args: unknown[], now: number) => unknown> = {
  ago: ([span], now) => now - Number(span),
  now: (_, now) => now,
  bin: ([value, span]) => Math.floor(Number(value) / Number(span)) * Number(span),
  iff: ([condition, yes, no]) => (condition === true ? yes : no),
  strcat: (parts) => parts.join(''),
  todatetime: ([text]) => (text === null || text === '' ? null : Date.parse(String(text))),
  toint: ([value]) =>
    value === null || value === '' || Number.isNaN(Number(value)) ? null : Math.trunc(Number(value)),
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
