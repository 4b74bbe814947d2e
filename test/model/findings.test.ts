import test from 'ava';
import { FINDINGS, type FindingCode, finding, findingText, findingVerdict } from '../../shared/model/findings.ts';

const codes = Object.keys(FINDINGS) as FindingCode[];
const holes = (code: FindingCode) => [...FINDINGS[code].sentence.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

test('the codes whose verdict is not blocked', (t) => {
  const of = (verdict: string) => codes.filter((code) => findingVerdict(code) === verdict).toSorted();
  t.deepEqual(of('unknown'), [
    'AGENT_NOT_READY',
    'COMMAND_STOPPED',
    'HEALTH_REFUSED',
    'MEMBER_STUCK',
    'NO_HEALTHY_BACKEND',
    'RUN_CANCELLED',
    'SUBSCRIPTION_UNREAD',
    'UNHEALTHY_GETS_CONNECTS',
    'VM_NOT_RUNNING',
  ]);
  const unlisted = [
    'FLOATING_IP',
    'IPV6_FRONTEND',
    'LOAD_BALANCER_OUT_OF_SCOPE',
    'NOT_A_MEMBER',
    'OPTED_OUT',
    'OUT_OF_SCOPE',
    'SUBSCRIPTION_NOT_CONFIGURED',
    'VIP_KEPT',
    'VM_NOT_FOUND',
  ];
  t.deepEqual(of('unlisted'), unlisted);
  const warnings = ['SECONDARY_NIC_GUESSED'];
  t.deepEqual(of('warning'), warnings);
  t.is(of('blocked').length, codes.length - 9 - warnings.length - unlisted.length);
});

for (const code of codes) {
  test(`${code}: a code in capitals, a whole sentence, and every hole can be filled`, (t) => {
    t.regex(code, /^[A-Z][A-Z0-9_]+$/);
    const { sentence } = FINDINGS[code];
    t.regex(sentence, /^[A-Z{].*\.$/);
    t.notRegex(sentence, / {2}|\n/);
    const params = Object.fromEntries(holes(code).map((name) => [name, `<${name}>`]));
    const text = findingText(finding(code, params));
    t.notRegex(text, /[{}]/);
    for (const name of holes(code)) t.true(text.includes(`<${name}>`));
  });
}

test('a sentence is filled from the params, and what is missing shows as its name', (t) => {
  t.is(
    findingText(finding('VM_NOT_RUNNING', { power: 'deallocated' })),
    'The VM is deallocated. It is looked at again when it runs.',
  );
  t.regex(findingText(finding('VM_NOT_RUNNING')), /^The VM is \{power\}\./);
});

test('a value is put in as it is, once: braces and dollars in it do nothing', (t) => {
  const text = findingText(finding('GUEST_FAILED', { code: '{detail}', detail: '$& $1' }));
  t.regex(text, /ended with \{detail\}: \$& \$1\./);
});

test('a finding carries its params', (t) => {
  t.deepEqual(finding('NO_PROBE'), { code: 'NO_PROBE', params: {} });
  t.deepEqual(finding('NO_PROBE', { vip: '10.0.1.100' }), { code: 'NO_PROBE', params: { vip: '10.0.1.100' } });
});
