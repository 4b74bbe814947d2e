/** How a command ends on its VM's row: what of a look is kept, and what a command without a report leaves. */
import test from 'ava';
import { fail, failed, healthyVips, succeed, withdraw } from '../../shared/decide/endings.ts';
import type { Pass } from '../../shared/decide/pass.ts';
import { parseReport } from '../../shared/guest/report.ts';
import type { CommandRow, VmRow } from '../../shared/model/rows.ts';
import {
  ago,
  commanded,
  commandId,
  frontend,
  later,
  looked,
  NOW,
  pass,
  planOf,
  printed,
  type Said,
} from '../helpers/seen.ts';
import { levels, linesOf } from '../helpers/shown.ts';

const UCR = '10.0.1.100';
const PI = '10.0.1.101';
const EARLIER = { [UCR]: { kind: 'self' as const, at: ago(900) }, [PI]: { kind: 'self' as const, at: ago(900) } };

/** A VM whose command just reported. */
function reported(said: Said, more: Partial<VmRow> = {}, command: Partial<CommandRow> = {}, at: Pass = pass()): VmRow {
  const mode = said.mode ?? 'apply';
  const row = commanded(`hs-a sent ${mode} 7`, command, more);
  const inFlight = { vm: row, command: row.command as CommandRow };
  const wanted = {
    commandId: commandId('hs-a', 7),
    mode,
    plan: planOf('hs-a').plan,
    limits: { connectSeconds: 3, totalSeconds: 60 },
  };
  succeed(at, inFlight, parseReport(printed('hs-a', 7, said), wanted));
  return row;
}

const proofs: [string, Said, Partial<VmRow>, Record<string, string>][] = [
  ['a connect that came back: self', { proof: 's' }, {}, { [UCR]: 'self now', [PI]: 'self now' }],
  ['a connect to another member: remote', { proof: 'r' }, {}, { [UCR]: 'remote now', [PI]: 'remote now' }],
  [
    'another member, and nothing was touched since a connect came back: that one stands',
    { proof: 'r' },
    { proofs: EARLIER, look: looked('hs-a') },
    { [UCR]: 'self before', [PI]: 'self before' },
  ],
  [
    'another member, after something had to be put back: remote',
    { proof: 'r', before: ['route-missing'] },
    { proofs: EARLIER, look: looked('hs-a') },
    { [UCR]: 'remote now', [PI]: 'remote now' },
  ],
  [
    'another member, under another plan than before: remote',
    { proof: 'r' },
    { proofs: EARLIER, look: looked('hs-a', { planHash: 'other' }) },
    { [UCR]: 'remote now', [PI]: 'remote now' },
  ],
  [
    'a connect that failed: none, whatever was proved before',
    { connect: 't3000', proof: 'n' },
    { proofs: EARLIER },
    {},
  ],
  ['a state that is not as planned: none', { after: ['reply-rule'], proof: 's' }, { proofs: EARLIER }, {}],
  ['a removal: none', { mode: 'remove', proof: 'n', connect: 'n' }, { proofs: EARLIER, look: looked('hs-a') }, {}],
];
for (const [what, said, before, expected] of proofs) {
  test(`proof by ${what}`, (t) => {
    const row = reported(said, before);
    const words = Object.entries(row.proofs).map(([vip, { kind, at }]) => [
      vip,
      `${kind} ${at === NOW ? 'now' : 'before'}`,
    ]);
    t.deepEqual(Object.fromEntries(words), expected);
  });
}

test('a proof remembers every address and port that it saw, while the state is untouched', (t) => {
  const seen = [{ ip: '10.0.1.15', port: 57772, at: ago(900) }];
  const before = { proofs: { [UCR]: { kind: 'self' as const, at: ago(900), seen } }, look: looked('hs-a') };
  const here = { ip: '10.0.1.10', port: 1972, at: NOW };
  const saw = (said: Said, more: Partial<VmRow> = before) => reported(said, more).proofs[UCR];
  t.deepEqual(saw({ proof: 's1972' }), { kind: 'self', at: NOW, seen: [here, ...seen] });
  t.deepEqual(saw({ proof: 'r' }), { kind: 'self', at: ago(900), seen });
  t.deepEqual(saw({ proof: 's' }), { kind: 'self', at: NOW, seen }, 'a port that is not told is no news');
  t.deepEqual(saw({ proof: 's1972', before: ['reply-rule'] }), { kind: 'self', at: NOW, seen: [here] }, 'put back');
  const other = { ...before, look: looked('hs-a', { planHash: 'other' }) };
  t.deepEqual(saw({ proof: 's1972' }, other), { kind: 'self', at: NOW, seen: [here] }, 'of another plan');
  const again = { ...before, proofs: { [UCR]: { ...before.proofs[UCR], seen: [{ ...here, at: ago(9) }, ...seen] } } };
  t.deepEqual(saw({ proof: 's1972' }, again), { kind: 'self', at: NOW, seen: [here, ...seen] }, 'each once');
  const many = Array.from({ length: 40 }, (_, i) => ({ ip: '10.0.1.15', port: i + 1, at: ago(900) }));
  const full = { ...before, proofs: { [UCR]: { ...before.proofs[UCR], seen: many } } };
  t.is(saw({ proof: 's1972' }, full)?.seen?.length, 16);
});

test('a report: the look is kept, what was wrong is forgotten, and the command is over', (t) => {
  const row = reported({ changed: 3, before: ['route-missing'] }, { findings: [failed('COMMAND_TIMED_OUT', '')] });
  t.is(row.command, undefined);
  t.deepEqual(row.findings, []);
  t.like(row.look, { at: NOW, planHash: planOf('hs-a').hash });
  t.like(row.last, { seq: 7, mode: 'apply', endedAt: NOW, changed: 3, warnings: [], failure: undefined });
});

test('a removal: nothing of an earlier look is kept, and one that ended with an error says so', (t) => {
  const gone = reported({ mode: 'remove', proof: 'n', connect: 'n' }, { look: looked('hs-a') });
  t.is(gone.look, undefined);
  t.is(gone.last?.failure, undefined);
  const stuck = reported({ mode: 'remove', proof: 'n', connect: 'n', more: { e: 'BUSY', d: 'lock' } });
  t.deepEqual(stuck.last?.failure, { code: 'GUEST_FAILED', params: { code: 'BUSY', detail: 'lock' } });
});

const healthy: [string, Partial<CommandRow>, string[], string[]][] = [
  ['healthy when it was sent and now', { healthyVips: [UCR, PI] }, [UCR, PI], [UCR, PI]],
  ['healthy when it was sent, not now', { healthyVips: [UCR, PI] }, [UCR], [UCR]],
  ['healthy now, not when it was sent', { healthyVips: [PI] }, [UCR, PI], [PI]],
];
for (const [what, command, now, kept] of healthy) {
  test(`a connect counts for VIPs that were ${what}`, (t) => {
    const nobody = { backends: [], primaryAddress: '10.0.1.10' };
    const at = pass({
      frontends: [frontend('ucr', now.includes(UCR) ? {} : nobody), frontend('pi', now.includes(PI) ? {} : nobody)],
    });
    t.deepEqual(reported({}, {}, command, at).look?.healthyVips, kept);
    t.deepEqual(healthyVips(at, commanded('hs-a sent apply 7', command).command as CommandRow), now);
  });
}

test('a failure: on the row until a look succeeds, and the look before stays', (t) => {
  const look = looked('hs-a');
  const row = commanded('hs-a sent apply 7', {}, { look, proofs: EARLIER });
  const at = pass();
  fail(at, { vm: row, command: row.command as CommandRow }, failed('REPORT_MISSING', 'x'.repeat(5000)));
  t.is(row.command, undefined);
  t.is(row.findings[0]?.params.code, 'REPORT_MISSING');
  t.is(row.findings[0]?.params.detail?.length, 300);
  t.deepEqual(row.look, look);
  t.deepEqual(row.proofs, EARLIER);
  t.deepEqual(levels(at, 'command-failed'), ['warn']);
  t.like(linesOf(at, 'command-failed')[0], { runId: 'm1', seq: 7, code: 'REPORT_MISSING' });
});

test('a command that Azure did not take: no finding, and a time to ask again', (t) => {
  const row = commanded('hs-a sent apply 7', {});
  withdraw(pass(), { vm: row, command: row.command as CommandRow }, failed('AZURE_CONFLICT', 'busy'), later(20));
  t.deepEqual(row.findings, []);
  t.like(row.last, { seq: 7, retryAt: later(20) });
  t.is(row.command, undefined);
});
