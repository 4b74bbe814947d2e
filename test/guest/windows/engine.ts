/** One PowerShell engine for a test file. */
import test from 'ava';
import { startWindowsEngine, type WindowsEngine } from '../../../simulator/guests/windows/engine.ts';
import { missing, type Need, testNeeding } from '../../needs.ts';

const NEEDS: Need[] = ['the .NET SDK'];

/** Starts the engine before the file's first test and stops it after the last; where it cannot be had, tests are skipped. */
export function useEngine(): { engineTest: ReturnType<typeof testNeeding>; engine: WindowsEngine } {
  let started: WindowsEngine | undefined;
  const running = () => {
    if (!started) throw new Error('The PowerShell engine is not started.');
    return started;
  };
  test.before(async () => {
    if (missing(NEEDS).length === 0) started = await startWindowsEngine();
  });
  test.after.always(() => started?.stop());
  const engine: WindowsEngine = {
    runScript: (state, script) => running().runScript(state, script),
    syntax: (script) => running().syntax(script),
    framework: (types) => running().framework(types),
    stop: () => running().stop(),
  };
  return { engineTest: testNeeding(NEEDS), engine };
}
