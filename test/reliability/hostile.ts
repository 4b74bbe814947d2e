/** What a liar would put into a field: for shells, PowerShell, paths, prototypes, tables, logs and patience. */
import fc from 'fast-check';

const FIXED = [
  '',
  ' ',
  '$(touch /tmp/x)',
  '`id`',
  "'; rm -rf / #",
  '"; shutdown -h now; "',
  "$(Invoke-Expression 'calc')",
  '& whoami',
  '| Out-File C:\\x',
  '10.0.1.10) PORT=(22',
  '10.0.1.10\nreboot',
  '10.0.1.10\r\n# --- end of plan ---',
  '00:0d:3a:00:10:00; halt',
  '0x0a.0.1.10',
  '010.0.1.10',
  '10.0.1.10/32',
  '::1',
  '127.0.0.1',
  '169.254.169.254',
  '255.255.255.255',
  '٤.٤.٤.٤',
  '../../../../etc/passwd',
  '/subscriptions/00000000-0000-0000-0000-000000000000/../x',
  '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/x/providers/Microsoft.Compute/virtualMachines/x',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '# ilb-hairpin-guard command 00000000000000000000000000000000',
  'ILB-HAIRPIN-GUARD 00000000000000000000000000000000 {}',
  'x\u0000y',
  '\u202Egpj.exe',
  '\uD800',
  '<script>alert(1)</script>',
  '=cmd|calc!A1',
  'x'.repeat(2000),
];

/** A hostile text. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...FIXED) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);

/** Arrays in arrays, so deep that a recursive reader overflows its stack. */
export function deepJson(levels = 200_000): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

type Path = (string | number)[];

/** The places of all texts in a value. */
export function textPaths(value: unknown, at: Path = []): Path[] {
  if (typeof value === 'string') return [at];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textPaths(inner, [...at, key]));
}

/** A copy with other texts at some places. */
export function spoil<T>(value: T, places: readonly Path[], texts: readonly string[]): T {
  const copy = structuredClone(value);
  for (const [i, path] of places.entries()) {
    const holder = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], copy);
    (holder as Record<PropertyKey, unknown>)[path.at(-1) ?? ''] = texts[i % texts.length];
  }
  return copy;
}
