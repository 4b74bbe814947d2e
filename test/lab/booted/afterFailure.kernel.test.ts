/** A booted case that fails spoils no later one. */
import test from 'ava';
import { bootedCases, stopBooted } from '../../../lab/booted/booted.ts';
import { tryCase } from '../../../lab/case.ts';
import { BOOTED, testNeeding } from '../../needs.ts';

/** A guest boots nine times. */
const ALL_MS = 20 * 60_000;

test.after.always(() => stopBooted());

testNeeding(BOOTED)('cases after those that fail on purpose run as if these had never been', async (t) => {
  t.timeout(ALL_MS);
  const cases = await bootedCases(import.meta.resolve('./failing.ts'));
  const rows = await Promise.all(cases.map(tryCase));
  for (const { case: name, ok, detail } of rows) {
    t.log(`${ok ? 'ok' : 'failed'}  ${name}: ${detail}`);
    if (/fails|is not ok/.test(name)) t.is(detail, 'it fails on purpose', name);
    else t.true(ok, `${name}: ${detail}`);
  }
  t.is(rows.filter(({ ok }) => !ok).length, 4);
});
