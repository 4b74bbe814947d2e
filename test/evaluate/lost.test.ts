import test from 'ava';
import { findingText } from '../../shared/model/findings.ts';
import type { LostConnect } from '../../shared/model/guest.ts';
import { idKey } from '../../shared/model/ids.ts';
import { estate, healthOf, ilb, look, mirror, pair, vmId } from '../helpers/estate.ts';
import { type Heard, knowing } from '../helpers/looked.ts';

const HERE = { where: 'nftables (table inet filter, chain input)', rule: 'nft insert rule inet filter input accept' };
const REPLY = { where: 'iptables (table filter, chain INPUT)', rule: 'iptables -I INPUT -j ACCEPT' };
const lostAs = (fields: Partial<LostConnect>): LostConnect => ({
  packet: 'request-in',
  places: [],
  replyPlaces: [],
  unread: [],
  ...fields,
});

/** The findings on VM a's path when its guest lost a connect while these members were up. */
function told(lost: LostConnect, up: string[], heard: Heard = {}) {
  const topology = mirror();
  const plan = look(topology).plan('a');
  if (!plan) throw new Error('no plan');
  const known = knowing(plan, { connect: 'timeout', ...heard });
  for (const path of known.look?.report.paths ?? []) path.lost = lost;
  const seen = look(topology, {
    knowledge: new Map([[idKey(vmId('a')), known]]),
    health: healthOf(topology, { ucr: up }),
  });
  return { ...seen.path('a'), codes: seen.codes('a') };
}

test('which packet was ended, in words', (t) => {
  const said = (packet: LostConnect['packet']) =>
    told(lostAs({ packet, places: [HERE] }), ['a1']).findings[1]?.params.packet;
  t.is(said('request-out'), 'the request, as it leaves by the secondary NIC,');
  t.is(said('request-in'), 'the request, as it arrives at the NIC in the pool,');
  t.is(said('reply-out'), 'the reply, as it leaves by the NIC in the pool,');
  t.is(said('reply-in'), 'the reply, as it arrives at the secondary NIC,');
});

test('what one VIP’s connect met is said of no other', (t) => {
  const topology = estate(...pair(), ilb('ucr', '10.0.1.100', ['a1', 'b1']), ilb('pix', '10.0.1.101', ['a1', 'b1']));
  const plan = look(topology).plan('a');
  if (!plan) return t.fail();
  const known = knowing(plan, { connect: 'timeout' });
  const [first] = known.look?.report.paths ?? [];
  if (first) first.lost = lostAs({ places: [HERE] });
  const health = healthOf(topology, { ucr: ['a1'], pix: ['a1'] });
  const seen = look(topology, { health, knowledge: new Map([[idKey(vmId('a')), known]]) });
  t.deepEqual(seen.codes('a', 'ucr'), ['CONNECT_FAILED', 'FIREWALL_BLOCKS']);
  t.deepEqual(seen.codes('a', 'pix'), ['CONNECT_FAILED']);
});

test('this VM is primary: its own firewall, with the rule', (t) => {
  const { codes, findings, verdict } = told(lostAs({ places: [HERE] }), ['a1']);
  t.is(verdict, 'blocked');
  t.deepEqual(codes, ['CONNECT_FAILED', 'FIREWALL_BLOCKS']);
  const text = findings[1] ? findingText(findings[1]) : '';
  t.true(text.includes(`: ${HERE.rule} - `), text);
  t.true(text.includes(HERE.where));
});

test('several places: all of their rules, as one line', (t) => {
  const { findings } = told(lostAs({ packet: 'reply-in', places: [HERE, REPLY] }), ['a1']);
  t.is(findings[1]?.params.rule, `${HERE.rule} && ${REPLY.rule}`);
  t.is(findings[1]?.params.where, `${HERE.where} or ${REPLY.where}`);
});

test('another VM is primary: that one does not know the via address, or its reply was ended here', (t) => {
  const { codes, findings } = told(lostAs({ places: [HERE], replyPlaces: [REPLY] }), ['b1']);
  t.deepEqual(codes, ['CONNECT_FAILED', 'FIREWALL_ELSEWHERE', 'FIREWALL_MAY_BLOCK']);
  const texts = findings.map(findingText);
  t.regex(texts[1] ?? '', /while b is healthy.*let it accept 10\.\d+\.\d+\.\d+ to 10\./);
  t.true(texts[2]?.includes(`: ${REPLY.rule} - `));
  t.false(texts.join(' ').includes(HERE.rule), 'the request never came to this VM’s firewall');
});

test('what leaves this VM is its own affair, whoever is primary', (t) => {
  t.deepEqual(told(lostAs({ packet: 'request-out', places: [HERE] }), ['b1']).codes, [
    'CONNECT_FAILED',
    'FIREWALL_BLOCKS',
  ]);
});

test('both are healthy: either may be at fault', (t) => {
  t.deepEqual(told(lostAs({ places: [HERE] }), ['a1', 'b1']).codes, [
    'CONNECT_FAILED',
    'FIREWALL_BLOCKS',
    'FIREWALL_ELSEWHERE',
  ]);
});

test('a container answers: told while this VM is primary, and is no matter while another one is', (t) => {
  const { codes, findings } = told(lostAs({ handedTo: '172.17.0.2' }), ['a1']);
  t.deepEqual(codes, ['CONNECT_FAILED', 'CONTAINER_ANSWERS']);
  t.regex(findings.map(findingText)[1] ?? '', /to 172\.17\.0\.2, a container/);
  t.deepEqual(told(lostAs({ handedTo: '172.17.0.2' }), ['b1']).codes, ['CONNECT_FAILED', 'FIREWALL_ELSEWHERE']);
});

test('no rule was found, or a firewall could not be read: said so', (t) => {
  const { codes, findings } = told(lostAs({ packet: 'reply-out', unread: ['nft'] }), ['a1']);
  t.deepEqual(codes, ['CONNECT_FAILED', 'FIREWALL_NOT_FOUND']);
  t.is(findings[1]?.params.unread, 'nft');
  t.is(told(lostAs({}), ['a1']).findings[1]?.params.unread, 'nothing');
});

test('an apply that was taken back says it too', (t) => {
  const heard: Heard = { report: { errorCode: 'CHANGE_FAILED', errorDetail: 'taken back' } };
  t.deepEqual(told(lostAs({ packet: 'request-out', places: [HERE] }), ['b1'], heard).codes, [
    'GUEST_FAILED',
    'FIREWALL_BLOCKS',
  ]);
});

test('nothing is said of a connect that failed while nobody was healthy', (t) => {
  t.deepEqual(told(lostAs({ places: [HERE] }), []).codes, ['NO_HEALTHY_BACKEND']);
});
