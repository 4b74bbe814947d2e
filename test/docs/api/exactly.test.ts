/** A schema is held to its type by the compiler: each line below that is marked must not compile. */
import test from 'ava';
import * as z from 'zod';
import { exactly } from '../../../docs/api/exactly.ts';

interface View {
  name: string;
  state: 'a' | 'b';
  at?: string;
  parts: { size: number; note?: string }[];
}

const part = z.object({ size: z.number(), note: z.string().exactOptional() });
const right = { name: z.string(), state: z.enum(['a', 'b']), at: z.string().exactOptional(), parts: z.array(part) };
const { at: _at, ...withoutAt } = right;
const { name: _name, ...withoutName } = right;

test('the compiler takes the schema that says just what the type says', (t) => {
  const made = [
    exactly<View>()(z.object(right)),
    // @ts-expect-error a property that may be missing is not described
    exactly<View>()(z.object(withoutAt)),
    // @ts-expect-error a property is not described
    exactly<View>()(z.object(withoutName)),
    // @ts-expect-error a property that the view lacks
    exactly<View>()(z.object({ ...right, more: z.string().exactOptional() })),
    // @ts-expect-error a property that is always there is told as one that may be missing
    exactly<View>()(z.object({ ...right, name: z.string().exactOptional() })),
    // @ts-expect-error a property that may be missing is told as one that is always there
    exactly<View>()(z.object({ ...right, at: z.string() })),
    // @ts-expect-error fewer words
    exactly<View>()(z.object({ ...right, state: z.literal('a') })),
    // @ts-expect-error more words
    exactly<View>()(z.object({ ...right, state: z.string() })),
    // @ts-expect-error deep inside
    exactly<View>()(z.object({ ...right, parts: z.array(z.object({ size: z.number() })) })),
  ];
  t.is(made.length, 9);
});
