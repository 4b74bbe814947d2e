/** Constrained Language Mode: the script ends at its first .NET call, and its error text says why. */
import { renderScript } from '../../../shared/guest/render.ts';
import { parseReport } from '../../../shared/guest/report.ts';
import { refusalOf } from '../../../shared/guest/windows/refusal.ts';
import { useEngine } from './engine.ts';
import { command, kept, member } from './harness.ts';

const { engineTest, engine } = useEngine();

engineTest(
  'in Constrained Language Mode nothing is changed, no report comes, and the error text is a finding',
  async (t) => {
    const asked = command('apply');
    const start = { ...member(), constrained: true };
    const { stdout, stderr, exitCode, state } = await engine.runScript(start, renderScript('windows', asked));
    t.is(exitCode, 1);
    t.throws(() => parseReport(stdout, asked), { code: 'REPORT_MISSING' });
    t.deepEqual(refusalOf(stderr), {
      code: 'SCRIPT_CONSTRAINED',
      params: { id: 'MethodInvocationNotSupportedInConstrainedLanguage' },
    });
    t.deepEqual(kept(state), kept(start));
    t.is(state.changes, 0);
  },
);
