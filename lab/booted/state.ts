/** What one look at a guest's rules, routes and addresses says. Pure. */

export interface Look {
  /** There is a rule that leads every packet that comes in into the local table. */
  local: boolean;
  /** What is ours, `lookup local` among it, and whether it stands ahead, in one text: equal texts are equal states. */
  ours: string;
  /** All the guest's addresses are on their NICs. */
  addresses: boolean;
}

/** Reads what `ip -4 -o` prints for `rule show`, `route show table all proto 201` and `addr show`, in this order. */
export function readLook(text: string, addresses: string[]): Look {
  const rows = text.split('\n').map((row) => row.replace(/\\?\s+/g, ' ').trim());
  const rules = rows.filter((row) => /^\d+: (?:not )?from /.test(row));
  const routes = rows.filter((row) => / table 72\d\d /.test(`${row} `) && !/^\d+:/.test(row));
  const carried = rows.map((row) => /^\d+: \S+ inet ([0-9.]+)\//.exec(row)?.[1]);
  const isOurs = (rule: string) => / proto 201$/.test(rule);
  const isLocal = (rule: string) => INCOMING_LOCAL.test(rule);
  // They stand ahead of whoever comes first: where that is changes with what others add.
  const first = prefOf(rules.find(isOurs));
  const ours = rules
    .filter((rule) => isOurs(rule) || isLocal(rule))
    .map((rule) => (isOurs(rule) ? relative(rule, first) : rule));
  const others = rules.filter((rule) => !isOurs(rule) && !isLocal(rule)).map(prefOf);
  const ahead = rules.filter(isOurs).every((rule) => others.every((other) => prefOf(rule) < other));
  return {
    local: rules.some(isLocal),
    ours: [...ours, ...(ahead ? [] : ['behind a foreign rule']), ...routes.sort()].join('\n'),
    addresses: addresses.every((address) => carried.includes(address)),
  };
}

/** What comes in finds the local table: without a condition, or but for what the machine itself sends. */
const INCOMING_LOCAL = /^\d+: (?:from all|not from \S+(?: to \S+)? iif lo) lookup local$/;

const prefOf = (rule = ''): number => Number.parseInt(rule, 10);

/** The rule with its preference, and where it leads to another, counted from the first of ours. */
const relative = (rule: string, first: number): string =>
  rule.replace(/^\d+|(?<= goto )\d+/g, (pref) => `+${Number(pref) - first}`);
