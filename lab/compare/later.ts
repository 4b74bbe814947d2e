/** What programs that add rules later lose beside a strategy, and whether the VIP is lost beside them. */
import { isDeepStrictEqual } from 'node:util';
import type { GuestLab } from '../../simulator/guests/lab.ts';
import { connectTo, UCR, until } from '../guests.ts';
import { type Meaning, meaningOf, NEIGHBOURS, runAs } from '../neighbours.ts';
import { MEMBERS } from './estate.ts';
import type { Strategy, StrategyId, StrategyOptions } from './strategies.ts';

/** Programs by the name that the table has for them. */
const LATER = {
  'full tunnel': 'a full tunnel’s two rules without preferences',
  'two-NIC howto': 'a two-NIC howto’s rules without preferences',
  'agent by source address': 'an agent that knows rules by their source address',
  'mesh VPN': 'a mesh VPN’s rules from 5210 on',
  'container runtime': 'a container runtime that moves lookup local to 100',
} as const;

type Program = keyof typeof LATER;

/** How long a strategy may take to get along with what came. */
const SETTLE_MS = 5000;

export interface Later {
  id: StrategyId;
  title: string;
  /** Whose routes, rules or connections are not what they are without any fix. */
  changed: Program[];
  /** Beside whom the VIP, whose primary is here, was reached before and is not any more; none where it never was. */
  lost: Program[] | undefined;
}

/** Its rules and routes are what they were, and what connected does, but for the VIP, which strategies are about. */
const losesNothing = (alone: Meaning, now: Meaning): boolean =>
  isDeepStrictEqual([alone.rules, alone.ways], [now.rules, now.ways]) &&
  Object.entries(alone.connects).every(
    ([name, who]) => name.endsWith('to VIP') || who === 'fails' || now.connects[name] === who,
  );

const comesTrue = (holds: () => Promise<boolean>): Promise<boolean> =>
  until('a strategy to get along with what came', holds, SETTLE_MS).then(
    () => true,
    () => false,
  );

/** Adds and removes each program's rules on vm-a. `alone`: what they mean there without any fix; undefined to measure that. */
export async function later(
  lab: GuestLab,
  strategy: Strategy,
  options: StrategyOptions,
  alone: Map<Program, Meaning>,
): Promise<Later> {
  await Promise.all(MEMBERS.map((vm) => strategy.setUp(lab, vm, options)));
  const reached = async () => (await connectTo(lab, 'vm-a', UCR)).outcome === 'ok';
  const worked = await reached();
  const [changed, lost]: Program[][] = [[], []];
  for (const [program, name] of Object.entries(LATER) as [Program, string][]) {
    const { add = '', remove = '' } = NEIGHBOURS[name] ?? {};
    await runAs(lab, add);
    const meant = alone.get(program);
    if (meant === undefined) alone.set(program, await meaningOf(lab));
    else if (!(await comesTrue(async () => losesNothing(meant, await meaningOf(lab))))) changed?.push(program);
    if (worked && !(await comesTrue(reached))) lost?.push(program);
    await runAs(lab, remove);
    if (worked) await comesTrue(reached);
  }
  return { id: strategy.id, title: strategy.title, changed: changed ?? [], lost: worked ? (lost ?? []) : undefined };
}
