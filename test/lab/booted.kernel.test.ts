/**
 * Every case of the booted lab, a few guests at a time. The rows of the table in docs/linux.md come from here; what each
 * case saw is told by t.log.
 */
import { existsSync } from 'node:fs';
import test from 'ava';
import { bootedCases, bootedNeeds, stopBooted } from '../../lab/booted/booted.ts';
import { bootedImage } from '../../lab/booted/image.ts';
import { type CaseResult, type LabCase, tryCase } from '../../lab/case.ts';
import { BOOTED, testNeeding } from '../needs.ts';

/** A mirror far away and a busy machine. */
const IMAGE_MS = 10 * 60_000;
/** A guest boots, and its first case is done. */
const CASE_MS = 5 * 60_000;

const bootedTest = testNeeding(BOOTED);
const cases = await bootedCases();

test.after.always(() => stopBooted());

/** All cases at once: the lab gives each guest its turn. */
let rows: Map<LabCase, Promise<CaseResult>> | undefined;
const rowOf = async (one: LabCase): Promise<CaseResult | undefined> => {
  rows ??= new Map(cases.map((it) => [it, tryCase(it)]));
  return rows.get(one);
};

bootedTest('an image for guests, made once', async (t) => {
  t.timeout(IMAGE_MS);
  t.deepEqual(bootedNeeds(), []);
  const folder = await bootedImage();
  t.true(existsSync(`${folder}/usr/sbin/NetworkManager`));
  t.is(await bootedImage(), folder);
});

for (const one of cases) {
  bootedTest(`${one.manager}: ${one.name}`, async (t) => {
    t.timeout(CASE_MS);
    const row = await rowOf(one);
    if (row?.recoveredMs !== undefined) t.log(`${row.recoveredMs} ms`);
    t.true(row?.ok, row?.detail);
  });
}
