import test from 'ava';
import { checkCommand } from '../../shared/guest/plan.ts';
import { DEFAULT_TAGS } from '../../shared/model/scope.ts';
import { estate, ilb, look, pair, VIA, vm } from '../helpers/estate.ts';

const VIP = '10.0.1.100';
const NETWORK = '172.17.0.0/16';
const tagged = (value: string, name: string = DEFAULT_TAGS.containerTag): Record<string, string> => ({ [name]: value });
const member = (value: string, more: Parameters<typeof vm>[2] = {}) =>
  vm('a', { a1: '10.0.1.10', a2: '10.0.1.11' }, { tags: tagged(value), ...more });
const one = (part: ReturnType<typeof vm>) => look(estate(part, ilb('one', VIP, ['a1'])));

test('the tag’s network is in the plan of its VM, and of no other', (t) => {
  const seen = one(member(` ${NETWORK} `));
  t.is(seen.plan('a')?.containers, NETWORK);
  t.deepEqual(seen.path('a', 'one').findings, []);
  const limits = { connectSeconds: 5, totalSeconds: 60 };
  const plan = seen.plan('a');
  t.notThrows(() => checkCommand({ commandId: '0'.repeat(32), mode: 'apply', plan, limits }));
  const both = look(estate(...pair(), ilb('one', VIP, ['a1', 'b1'])));
  for (const name of ['a', 'b']) t.false('containers' in (both.plan(name) ?? { containers: '' }), name);
});

for (const [what, value, why] of [
  ['no network', 'yes', 'expected a private network'],
  ['nothing', '', 'expected a private network'],
  ['a command', '172.17.0.0/16;reboot', 'expected a private network'],
  ['a public network', '20.0.0.0/16', 'expected a private network'],
  ['a network that is too large', '10.0.0.0/8', 'expected a private network'],
  ['a network with a host’s bits', '172.17.0.1/16', 'expected a private network'],
  ['the network of the VM itself', '10.0.0.0/16', '10.0.1.100 is in it'],
] as const) {
  test(`${what} in the tag is said and not planned`, (t) => {
    const seen = one(member(value));
    const [said, ...others] = seen.path('a', 'one').findings;
    t.deepEqual(others, []);
    t.is(said?.code, 'CONTAINER_TAG_WRONG');
    t.like(said?.params, { tag: DEFAULT_TAGS.containerTag, value });
    t.true(said?.params.why?.startsWith(why), said?.params.why);
    t.is(seen.path('a', 'one').verdict, 'blocked');
    t.is(seen.plan('a'), undefined);
  });
}

test('on Windows the tag is said not to be for it', (t) => {
  const seen = one(member(NETWORK, { os: 'windows' }));
  t.like(seen.path('a', 'one').findings, [{ code: 'CONTAINER_TAG_WRONG' }]);
  t.regex(seen.path('a', 'one').findings[0]?.params.why ?? '', /Linux alone/);
  t.is(seen.plan('a'), undefined);
});

test('several NICs in the pools of one via address cannot be served', (t) => {
  const part = vm(
    'a',
    { a1: '10.0.1.10', a2: '10.0.1.12', a3: { at: '10.0.1.11', tags: VIA } },
    { tags: tagged(NETWORK) },
  );
  const seen = look(estate(part, ilb('one', VIP, ['a1']), ilb('two', '10.0.1.101', ['a2'])));
  t.is(seen.plan('a'), undefined);
  t.is(seen.evaluation.paths.length, 2);
  t.true(seen.evaluation.paths.every((path) => path.findings.some(({ code }) => code === 'CONTAINER_TAG_WRONG')));
});
