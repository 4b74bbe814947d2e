/** One lab per test file, taken back to how it booted before each use. */
import test from 'ava';
import type { Estate } from '../../../simulator/estate/estate.ts';
import type { LabOptions, PowerLab } from '../../../simulator/guests/lab.ts';
import { articleEstate } from './estates.ts';

/** Gives the file's lab, of the article's estate unless said, started at first use and stopped after the last test. */
export function labOf(
  start: (options: LabOptions) => Promise<PowerLab>,
  estate: Estate = articleEstate(),
): () => Promise<PowerLab> {
  let lab: PowerLab | undefined;
  test.after.always(() => lab?.stop());
  return async () => {
    if (lab) await lab.reset();
    lab ??= await start({ estate });
    return lab;
  };
}
