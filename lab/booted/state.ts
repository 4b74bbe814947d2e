/** What one look at a guest's rules, routes and addresses says. Pure. */

export interface Look {
  /** There is a rule that leads every packet into the local table. */
  local: boolean;
  /** What is ours, and `lookup local` in its place among it, in one text: equal texts are equal states. */
  ours: string;
  /** All the guest's addresses are on their NICs. */
  addresses: boolean;
}

/** Reads what `ip -4 -o` prints for `rule show`, `route show table all proto 201` and `addr show`, in this order. */
export function readLook(text: string, addresses: string[]): Look {
  const rows = text.split('\n').map((row) => row.replace(/\\?\s+/g, ' ').trim());
  const rules = rows.filter((row) => /^\d+: from /.test(row));
  const routes = rows.filter((row) => / table 72\d\d /.test(`${row} `) && !/^\d+:/.test(row));
  const carried = rows.map((row) => /^\d+: \S+ inet ([0-9.]+)\//.exec(row)?.[1]);
  // The order of rules with one preference matters only before `lookup local`.
  const [first, later] = [
    rules.filter((rule) => /^[01]:/.test(rule)),
    rules.filter((rule) => !/^[01]:/.test(rule)).sort(),
  ];
  return {
    local: rules.some((rule) => /^[01]: from all lookup local$/.test(rule)),
    ours: [
      ...[...first, ...later].filter((rule) => / proto 201$|from all lookup local$/.test(rule)),
      ...routes.sort(),
    ].join('\n'),
    addresses: addresses.every((address) => carried.includes(address)),
  };
}
