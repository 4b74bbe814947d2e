import test from 'ava';
import { vmLine } from '../../../simulator/story/lines.ts';

const path = {
  frontend: 'front',
  vip: '10.0.1.100',
  exposure: 'active',
  verdict: 'compliant',
  proof: { kind: 'self' },
  findings: [],
  before: { drift: [], outcome: 'timeout', ms: 1000 },
  after: { drift: [], outcome: 'ok', ms: 1 },
};
const vm = { vm: 'hs-a', vmId: 'id', state: 'settled', changed: 0, warnings: [], findings: [], paths: [] };

test('a VM that was repaired: how each path was and is', (t) => {
  t.is(
    vmLine({ ...vm, result: 'repaired', changed: 8, paths: [path] }),
    'hs-a repaired (8 changes), 10.0.1.100 timeout -> ok (self)',
  );
});

test('a VM that was not: why, whether the VM or a path says it, each reason once', (t) => {
  const lost = { code: 'CONNECT_FAILED', text: '' };
  const noReport = { code: 'NO_REPORT', text: '' };
  const { after: _, ...never } = { ...path, findings: [lost] };
  t.is(
    vmLine({ ...vm, result: 'failed', findings: [noReport], paths: [never, never] }),
    'hs-a failed: NO_REPORT, CONNECT_FAILED',
  );
});

test('a guest that failed: in its own words', (t) => {
  const failed = { code: 'GUEST_FAILED', text: 'The script ended with TIME_IS_UP.' };
  t.is(
    vmLine({ ...vm, result: 'failed', findings: [failed], paths: [] }),
    'hs-a failed: GUEST_FAILED (The script ended with TIME_IS_UP.)',
  );
});
