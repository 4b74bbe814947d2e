/** One run at a time, by a lock that nobody but SYSTEM and administrators can hold. */
import { useEngine } from './engine.ts';
import { command, isClean, member, run } from './harness.ts';

const { engineTest, engine } = useEngine();
const LOCK = 'C:\\Windows\\System32\\config\\systemprofile\\ilb-hairpin-guard.lock';
const ADMINISTRATORS = 'D:P(A;;FA;;;SY)(A;;FA;;;BA)';

engineTest('a local user can neither make the lock first nor open the one that is there', async (t) => {
  for (const files of [{}, { [LOCK]: ADMINISTRATORS }] as Record<string, string>[]) {
    const { report, stdout } = await run(engine, { ...member(), files }, command('apply'), [
      { at: 'lock', call: 0, kind: 'user' },
    ]);
    t.true(isClean(report), stdout);
  }
});

engineTest('nothing is left of the lock after a run, a killed run, or a run after a power cut', async (t) => {
  const applied = await run(engine, member(), command('apply'));
  t.deepEqual(applied.state.files, {});
  const killed = await run(engine, member(), command('apply'), [{ at: 'change', call: 3, kind: 'killed' }]).catch(
    () => undefined,
  );
  t.is(killed, undefined);
  const after = await run(engine, { ...member(), files: { [LOCK]: ADMINISTRATORS } }, command('apply'));
  t.true(isClean(after.report), after.stdout);
  t.deepEqual(after.state.files, {});
});

engineTest(
  'a lock that is let go of while this run waits is taken, and so is one whose file is about to go',
  async (t) => {
    const faults = [
      { at: 'lock', call: 1, kind: 'busy' },
      { at: 'lock', call: 2, kind: 'denied' },
    ] as const;
    const { report, ms } = await run(engine, member(), command('check'), [...faults]);
    t.is(report.errorCode, undefined);
    t.true(ms >= 400, `${ms} ms`);
  },
);

engineTest('another run is waited for ten seconds at most, half of the command’s time at most', async (t) => {
  for (const [total, most] of [
    [60, 10_400],
    [8, 4400],
  ] as const) {
    const asked = command('check', undefined, total);
    const { report, ms } = await run(engine, member(), asked, [{ at: 'lock', call: 0, kind: 'busy' }]);
    t.is(report.errorCode, 'BUSY');
    t.true(ms <= most, `${ms} ms`);
  }
});
