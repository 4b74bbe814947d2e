import test from 'ava';
import { narrow, unmatched } from '../../shared/evaluate/narrow.ts';
import { survey } from '../../shared/evaluate/survey.ts';
import { shortName } from '../../shared/model/ids.ts';
import { estate, ilb, lbId, mirror, OPT_OUT, pair, SCOPE, vm } from '../helpers/estate.ts';

const two = () =>
  survey(estate(...pair(), ilb('ucr', '10.0.1.100', ['a1', 'b1']), ilb('pi', '10.0.1.101', ['a1', 'b1'])), SCOPE);
const none = { resourceGroups: [], loadBalancers: [] };

test('an empty filter takes everything', (t) => {
  const whole = two();
  t.is(narrow(whole, none), whole);
});

test('load balancers by name or id, in any letter case; plans stay whole', (t) => {
  for (const name of ['PI', lbId('pi').toUpperCase()]) {
    const part = narrow(two(), { ...none, loadBalancers: [name] });
    t.deepEqual(
      part.ways.map(({ vip }) => vip),
      ['10.0.1.101', '10.0.1.101'],
    );
    t.is(part.waysOfVm.size, 2);
    t.is(part.waysOfFrontend.size, 1);
    t.true([...part.plans.values()].every(({ plan }) => plan.frontends.length === 2));
  }
});

test('resource groups by VM or load balancer: a VM elsewhere behind a load balancer of the group is in', (t) => {
  const topology = mirror();
  const [first] = topology.vms;
  if (!first) throw new Error('no VM');
  first.id = first.id.replace('/rg/', '/other/');
  const nic = topology.nics.filter(({ vmId }) => vmId && shortName(vmId) === 'a');
  for (const one of nic) one.vmId = first.id;
  const whole = survey(topology, SCOPE);
  t.is(narrow(whole, { ...none, resourceGroups: ['RG'] }).ways.length, 2);
  const other = narrow(whole, { ...none, resourceGroups: ['other'] });
  t.deepEqual(
    other.ways.map(({ member }) => shortName(member.vmId)),
    ['a'],
  );
  t.is(other.frontends[0]?.members.length, 2, 'who is primary is asked of all members');
});

test('what is listed is narrowed as well', (t) => {
  const topology = estate(
    ...pair(),
    vm('c', { c1: '10.0.1.30' }, { tags: OPT_OUT }),
    ilb('ucr', '10.0.1.100', ['a1', 'c1']),
  );
  const whole = survey(topology, SCOPE);
  t.is(whole.listed.length, 1);
  t.is(narrow(whole, { ...none, resourceGroups: ['rg'] }).listed.length, 1);
  t.is(narrow(whole, { ...none, resourceGroups: ['other'] }).listed.length, 0);
});

test('what is listed of a load balancer goes with it, of one or of several', (t) => {
  const lbs = ['ucr', 'pi', 'web'].map((name, i) => ilb(name, `10.0.1.10${i}`, ['a1', `${name}-gone`]));
  const whole = survey(estate(...pair(), ...lbs), SCOPE);
  const listed = (...loadBalancers: string[]) =>
    narrow(whole, { ...none, loadBalancers }).listed.map(({ id }) => shortName(id));
  t.deepEqual(listed('ucr'), ['ucr']);
  t.deepEqual(listed('ucr', 'WEB'), ['ucr', 'web']);
  t.deepEqual(listed('gone'), []);
});

test('ways of a narrowed survey are found by their frontend', (t) => {
  const { waysOfFrontend, frontends } = narrow(two(), { ...none, loadBalancers: ['pi'] });
  for (const { frontend, ways } of frontends) t.is(waysOfFrontend.get(frontend.key), ways);
  t.is(frontends.length, 1);
});

test('names that nothing bears', (t) => {
  const balancers = [lbId('ucr'), lbId('pi')];
  t.deepEqual(
    unmatched(two(), balancers, { resourceGroups: ['Rg', 'rgx'], loadBalancers: ['UCR', 'ucr2', lbId('pi')] }),
    {
      resourceGroups: ['rgx'],
      loadBalancers: ['ucr2'],
    },
  );
});
