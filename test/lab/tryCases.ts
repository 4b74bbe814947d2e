/** One test for each case of the lab. */
import test from 'ava';
import { type LabCase, tryCase } from '../../lab/case.ts';
import { stopLabs } from '../../lab/labs.ts';
import { KERNEL, testNeeding } from '../needs.ts';

export function testCases(cases: LabCase[]): void {
  const kernelTest = testNeeding(KERNEL);
  for (const it of cases) {
    kernelTest(it.name, async (t) => {
      const { ok, recoveredMs, detail } = await tryCase(it);
      t.log(recoveredMs === undefined ? detail : `${recoveredMs} ms; ${detail}`);
      t.true(ok, detail);
    });
  }
  test.after.always(stopLabs);
}
