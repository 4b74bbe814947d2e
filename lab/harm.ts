/** The connections that must go on working on a member, whatever is done for its VIPs. */
import type { GuestLab } from '../simulator/guests/lab.ts';
import { connectTo, NICS, said, UCR } from './guests.ts';

type Member = keyof typeof NICS;

/**
 * Tries every connection of a member of the article's estate (source bind x destination), side by side: who answered,
 * or `fails`, by the connection's name. `me` is the member that is looked at.
 */
export async function connections(lab: GuestLab, me: Member, other: Member): Promise<Record<string, string>> {
  const [backend, via] = [NICS[me].backend.ip, NICS[me].via.ip];
  const [otherBackend, otherVia] = [NICS[other].backend.ip, NICS[other].via.ip];
  const list: [name: string, from: Member, address: string, source?: string][] = [
    ['unbound to VIP', me, UCR],
    ['backend to VIP', me, UCR, backend],
    ['via to VIP', me, UCR, via],
    ['unbound to own backend', me, backend],
    ['unbound to own via', me, via],
    ['unbound to loopback', me, '127.0.0.1'],
    ['backend to own via', me, via, backend],
    ['via to own backend', me, backend, via],
    ['unbound to other VM', me, otherBackend],
    ['backend to other VM', me, otherBackend, backend],
    ['via to other VM', me, otherBackend, via],
    ['other VM to own backend', other, backend],
    ['other VM to own backend from its via', other, backend, otherVia],
    ['other VM to own via', other, via],
    ['other VM to VIP', other, UCR],
  ];
  const outcomes = await Promise.all(
    list.map(([, from, address, source]) => connectTo(lab, from, address, source === undefined ? {} : { source })),
  );
  return Object.fromEntries(list.map(([name], index) => [name, said(outcomes[index] ?? { outcome: 'error', ms: 0 })]));
}
