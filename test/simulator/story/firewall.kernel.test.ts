/** A firewall in the way, as a person sees it: the run document names it and holds the rule, which then helps. */
import type { RunView } from '../../../shared/views/run.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import { type Stack, startStack } from '../../../simulator/stack.ts';
import { shell } from '../../guest/linux/guests.ts';
import { KERNEL, testNeeding } from '../../needs.ts';

const RUN_MS = 60_000;
const estate = articleEstate();
const vmId = (vm: string): string =>
  `/subscriptions/${estate.subscriptionId}/resourceGroups/${estate.resourceGroup}/providers/Microsoft.Compute/virtualMachines/${vm}`;

const textOf = (run: RunView, code: string): string[] =>
  run.vms.flatMap((vm) => vm.paths.flatMap((path) => path.findings)).flatMap((it) => (it.code === code ? it.text : []));

testNeeding(KERNEL)(
  'an allow list on the primary: its own rule there, and the other VM says whose firewall it is',
  async (t) => {
    const stack: Stack = await startStack({
      estate,
      lab: () => startKernelLab({ estate }),
      commandMs: 200,
      port: 0,
      settings: { HAIRPIN_CONNECT_SECONDS: '1' },
    });
    try {
      const lists = 'ip saddr { 127.0.0.1, 168.63.129.16, 10.0.1.20 } accept';
      await shell(
        stack.lab,
        'hs-a',
        `nft add table inet site; nft 'add chain inet site in { type filter hook input priority 0; policy accept; }'
      nft add rule inet site in ct state established,related accept; nft 'add rule inet site in ${lists}'; nft 'chain inet site in { policy drop; }'`,
      );
      const apply = (vm: string) => stack.run({ scope: vmId(vm), mode: 'apply' }, RUN_MS);
      const own = textOf(await apply('hs-a'), 'FIREWALL_BLOCKS');
      t.is(own.length, 2, 'on each of its paths');
      const rule = own[0]?.match(
        /: (nft insert rule inet site in iifname "eth0" ip saddr \S+ ip daddr \S+ accept) - /,
      )?.[1];
      t.truthy(rule, own[0]);

      const other = await apply('hs-b');
      t.regex(textOf(other, 'GUEST_FAILED')[0] ?? '', /taken back/);
      t.regex(textOf(other, 'FIREWALL_ELSEWHERE')[0] ?? '', /while hs-a is healthy/);

      await shell(stack.lab, 'hs-a', rule ?? 'false');
      const after = await apply('hs-a');
      t.deepEqual(
        after.vms[0]?.paths.map((path) => [path.verdict, path.proof.kind]),
        [
          ['compliant', 'self'],
          ['compliant', 'self'],
        ],
      );
    } finally {
      await stack.stop();
    }
  },
);
