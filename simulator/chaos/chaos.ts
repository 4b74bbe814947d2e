/**
 * `npm run chaos -- --minutes N --seed S [--pairs N]`: a mixed storm with random faults against the app, one process
 * per function and two loops, one of which is killed now and then. Ends with one line of figures; exit code 1 when a
 * signal was lost, a command doubled, or something never ended.
 */
import { readOptions } from './options.ts';
import { runChaos } from './run.ts';

process.exitCode = await runChaos(readOptions(process.argv.slice(2)));
process.exit();
