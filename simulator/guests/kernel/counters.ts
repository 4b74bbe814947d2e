/** What the load balancer counted, read from the ruleset's named counters. */
import type { VipCounters } from '../lab.ts';
import { run } from './commands.ts';

interface NftList {
  nftables: { counter?: { name: string; packets: number } }[];
}

/** The counters of each VIP, in the layout's order. */
export async function readCounters(vips: string[]): Promise<VipCounters[]> {
  const list = JSON.parse(await run(['nft', '-j', 'list', 'counters', 'table', 'ip', 'lab'])) as NftList;
  const packets = new Map(
    list.nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets] as const] : [])),
  );
  const read = (name: string) => packets.get(name) ?? 0;
  return vips.map((vip, i) => ({
    vip,
    flows: read(`flows_${i}`),
    packetsTo: read(`to_${i}`),
    packetsFrom: read(`from_${i}`),
  }));
}

export const resetCounters = async (): Promise<void> => {
  await run(['nft', 'reset', 'counters', 'table', 'ip', 'lab']);
};
