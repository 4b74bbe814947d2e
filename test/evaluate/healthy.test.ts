import test from 'ava';
import { getsFlows, isEvidence, isHeldDown, soleHealthy } from '../../shared/evaluate/healthy.ts';
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
  t.deepEqual(soleHealthy([down, a]), ['10.0.1.10']);
  t.deepEqual(soleHealthy([a, a]), ['10.0.1.10'], 'told twice');
  t.is(soleHealthy([a, b]), undefined);
  t.is(soleHealthy([down]), undefined);
  t.is(soleHealthy([]), undefined);
});

test('several healthy addresses of one member are one', (t) => {
  const [a, b, c] = ['10.0.1.10', '10.0.1.12', '10.0.1.20'].map((address) => backend(address, true));
  if (!a || !b || !c) return t.fail();
  const together = [
    ['10.0.1.10', '10.0.1.12'],
    ['10.0.1.20', '10.0.1.22'],
  ];
  t.is(soleHealthy([a, b]), undefined);
  t.deepEqual(soleHealthy([b, a], together), together[0]);
  t.deepEqual(soleHealthy([b], together), together[0]);
  t.is(soleHealthy([a, b, c], together), undefined);
});

test('who gets connections is another question than who is healthy', (t) => {
  const told = (up: boolean, reason: string) => {
    const one = backend('10.0.1.10', up, undefined, reason);
    return [isEvidence(one), getsFlows(one), isHeldDown(one)];
  };
  t.deepEqual(told(true, 'Up_Probe_Success'), [true, true, false]);
  t.deepEqual(told(true, 'Up_Probe_ApproachingUnhealthyThreshold'), [true, true, false]);
  t.deepEqual(told(true, 'Up_Admin'), [false, true, false]);
  t.deepEqual(told(true, 'Up_Probe_AllDownIsUp'), [false, true, false]);
  t.deepEqual(told(false, 'Up_Probe_AllDownIsUp'), [false, true, false], 'the reason says it too');
  t.deepEqual(told(false, 'Down_Admin'), [false, false, true]);
  t.deepEqual(told(false, 'Down_Probe_TcpProbeTimeout'), [false, false, false]);
  t.deepEqual(told(true, 'Up_Admin_Of_Tomorrow'), [true, true, false]);
  t.deepEqual(told(true, 'Not_Up_Admin'), [true, true, false]);
  t.deepEqual(told(false, 'Backed_Up_Admin'), [false, false, false]);
  t.deepEqual(told(false, 'Not_Down_Admin'), [false, false, false]);
  t.deepEqual(told(false, 'Down_Admin_Of_Tomorrow'), [false, false, false]);
  t.deepEqual(told(true, 'Down_Admin'), [true, true, false]);
  t.deepEqual(told(false, ''), [false, false, false], 'a VM that is off');
});
