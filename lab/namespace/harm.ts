/** Which connections work before and after: source bind x primary here or elsewhere x destination. */
import assert from 'node:assert/strict';
import type { LabCase } from '../case.ts';
import { guard, planOf } from '../guests.ts';
import { connections } from '../harm.ts';
import { freshLab } from '../labs.ts';
import { prove } from './recover.ts';
import { articleLab } from './watcher.ts';

const LOCAL = {
  'unbound to own backend': 'vm-a',
  'unbound to own via': 'vm-a',
  'unbound to loopback': 'vm-a',
  'backend to own via': 'vm-a',
  'via to own backend': 'vm-a',
  'unbound to other VM': 'vm-b',
  'backend to other VM': 'vm-b',
  'via to other VM': 'fails', // no source routing in the guest
  'other VM to own backend': 'vm-a',
  'other VM to own backend from its via': 'fails',
  'other VM to own via': 'fails',
  'other VM to VIP': 'vm-a',
};

/** What the fix costs: connections on the machine itself that are bound to both addresses. */
const COST = { 'backend to own via': 'fails', 'via to own backend': 'fails' };

const onPrimary: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const before = { 'unbound to VIP': 'fails', 'backend to VIP': 'fails', 'via to VIP': 'fails', ...LOCAL };
  assert.deepEqual(await connections(lab, 'vm-a', 'vm-b'), before);
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  const after = { ...before, 'unbound to VIP': 'vm-a', 'via to VIP': 'vm-a', ...COST };
  assert.deepEqual(await connections(lab, 'vm-a', 'vm-b'), after);
  const proof = await prove(lab);
  await guard(lab, 'vm-a', 'remove', planOf('vm-a'));
  assert.deepEqual(await connections(lab, 'vm-a', 'vm-b'), before, 'remove gives everything back');
  return { ok: true, detail: told(before, after, proof) };
};

const onOther: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const always = {
    'unbound to VIP': 'vm-a',
    'backend to VIP': 'vm-a',
    'unbound to own backend': 'vm-b',
    'unbound to own via': 'vm-b',
    'unbound to loopback': 'vm-b',
    'unbound to other VM': 'vm-a',
    'backend to other VM': 'vm-a',
    'via to other VM': 'fails',
    'other VM to own backend': 'vm-b',
    'other VM to own backend from its via': 'fails',
    'other VM to own via': 'fails',
    'other VM to VIP': 'fails', // that is vm-a, which has no fix here
  };
  const before = { ...always, 'via to VIP': 'fails', 'backend to own via': 'vm-b', 'via to own backend': 'vm-b' };
  assert.deepEqual(await connections(lab, 'vm-b', 'vm-a'), before);
  await guard(lab, 'vm-b', 'apply', planOf('vm-b'));
  const after = { ...always, 'via to VIP': 'vm-a', ...COST };
  assert.deepEqual(await connections(lab, 'vm-b', 'vm-a'), after);
  await guard(lab, 'vm-b', 'remove', planOf('vm-b'));
  assert.deepEqual(await connections(lab, 'vm-b', 'vm-a'), before, 'remove gives everything back');
  return { ok: true, detail: told(before, after, 'the VIP answered from vm-a before and after') };
};

/** How many connections work, which were gained and which lost. */
function told(before: Record<string, string>, after: Record<string, string>, more: string): string {
  const changed = (to: boolean) =>
    Object.keys(before).filter((key) => (before[key] === 'fails') === to && (after[key] === 'fails') !== to);
  return `${Object.keys(before).length} connections; gained: ${changed(true).join(', ')}; lost: ${changed(false).join(', ')}; ${more}`;
}

export const harmCases = (): LabCase[] => [
  { name: 'no harm on the primary', manager: 'none', run: onPrimary },
  { name: 'no harm while the primary is elsewhere', manager: 'none', run: onOther },
];
