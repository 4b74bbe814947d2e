/**
 * Every case of the booted lab, a few guests at a time. The rows of the table in docs/linux.md come from here; what each
 * case saw is told by t.log.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import test from 'ava';
import { bootedCases, bootedNeeds, stopBooted } from '../../lab/booted/booted.ts';
import { clearGroups, groupsOf, labOf, processesOf } from '../../lab/booted/cgroups.ts';
import { bootedImage } from '../../lab/booted/image.ts';
import { type CaseResult, type LabCase, tryCase } from '../../lab/case.ts';
import { until } from '../../simulator/until.ts';
import { BOOTED, testNeeding } from '../needs.ts';

/** A mirror far away and a busy machine. */
const IMAGE_MS = 20 * 60_000;
/** A guest boots, and its first case is done. */
const CASE_MS = 20 * 60_000;

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

bootedTest('a lab whose process is killed leaves nothing that runs', async (t) => {
  t.timeout(CASE_MS);
  const program = `import { bootedCases } from ${JSON.stringify(import.meta.resolve('../../lab/booted/booted.ts'))};
    const [first] = await bootedCases();
    console.log((await first.run()).detail);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
  t.regex(said, /proof self/);
  const lab = labOf(child.pid ?? 0);
  const running = () => processesOf(lab).length;
  t.true(running() > 5, 'a guest runs');
  child.kill('SIGKILL');
  await until(
    () => `the end of ${running()} processes`,
    () => running() === 0,
  );
  clearGroups(lab);
  t.deepEqual(groupsOf(lab), []);
});

for (const one of cases) {
  bootedTest(`${one.manager}: ${one.name}`, async (t) => {
    t.timeout(CASE_MS);
    const row = await rowOf(one);
    t.log(row?.detail);
    t.true(row?.ok, row?.detail);
  });
}
