import test from 'ava';
import { isEvidence, soleHealthy } from '../../shared/evaluate/healthy.ts';
import { backend } from '../helpers/estate.ts';

test('up by a probe is evidence; up by a person or because nobody is up is none; down never is', (t) => {
  t.true(isEvidence(backend('10.0.1.10', true)));
  t.true(isEvidence(backend('10.0.1.10', true, undefined, 'Up_Of_Tomorrow')));
  t.false(isEvidence(backend('10.0.1.10', true, undefined, 'Up_Admin')));
  t.false(isEvidence(backend('10.0.1.10', true, undefined, 'Up_Probe_AllDownIsUp')));
  t.false(isEvidence(backend('10.0.1.10', false, undefined, 'Up_Probe_Success')));
});

test('the sole healthy one', (t) => {
  const [a, b] = [backend('10.0.1.10', true), backend('10.0.1.20', true)];
  const down = backend('10.0.1.30', false);
  t.is(soleHealthy([down, a]), a);
  t.is(soleHealthy([a, b]), undefined);
  t.is(soleHealthy([down]), undefined);
  t.is(soleHealthy([]), undefined);
});
