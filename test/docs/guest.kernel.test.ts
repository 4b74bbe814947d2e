/** Every line that documents say to type in a Linux guest runs in one, and shows what they say. */
import { startKernelLab } from '../../simulator/guests/kernel/lab.ts';
import { guard, planOf, shell } from '../guest/linux/guests.ts';
import { typedLines } from '../helpers/typedLines.ts';
import { KERNEL, testNeeding } from '../needs.ts';
import { labOf } from '../simulator/guests/labOf.ts';

const kernelTest = testNeeding([...KERNEL, 'curl']);
const freshLab = labOf(startKernelLab);

/** The lines of docs/linux.md that undo all of it: watch.kernel.test.ts runs them together. */
const UNDOES = /^(rm -rf |ip rule (add|del) |while ip rule del |ip route flush )/;

const lines = typedLines().filter(({ runner, text }) => runner === 'guest' && !UNDOES.test(text));
const NEEDS_IPTABLES = /^iptables-save/;

/** What stands in a guest when somebody has a reason to type the lines of a document. */
const BEFORE: Record<string, string> = {
  'docs/runbook/CONTAINER_ANSWERS.md':
    'nft add table ip t; nft add chain ip t c "{ type nat hook prerouting priority -100; }"; nft add rule ip t c tcp dport 1 dnat to 10.0.0.2:1',
  'docs/runbook/CONTAINER_TAG_WRONG.md': 'ip link add docker0 type bridge',
  'docs/mirror.md': 'cd /tmp; touch tell-failover.sh ZHAIRPIN.mac',
};

/** What the lines of a document must show. A line that shows nothing has its document in {@link SILENT}. */
const SHOWS: Record<string, RegExp> = {
  'docs/linux.md': /dev eth1 table 7201[\s\S]*dev eth0 table 7202/,
  'docs/runbook/COMMAND_STOPPED.md': /"v":1|ilb-hairpin-guard/,
  'docs/runbook/CONNECT_FAILED.md': /connected/,
  'docs/runbook/CONTAINER_ANSWERS.md': /dnat/,
  'docs/runbook/CONTAINER_TAG_WRONG.md': /docker0/,
  'docs/runbook/FIREWALL_ELSEWHERE.md': /Recv-Q/,
  'docs/runbook/FIREWALL_NOT_FOUND.md': /Drop/i,
  'docs/runbook/FLOATING_IP.md': /127\.0\.0\.1/,
  'docs/runbook/GUEST_FAILED.md': /eth1/,
  'docs/runbook/NO_HEALTHY_BACKEND.md': /^200$/m,
  'docs/runbook/PRIMARY_NOT_CONFIRMED.md': /^200$/m,
  'docs/runbook/REPORT_INVALID.md': /^[0-9a-f]{64} /m,
  'docs/runbook/UNSUPPORTED_OS.md': /iproute2[\s\S]*bash/,
  'docs/runbook/VIP_KEPT.md': /10\.0\.1\.100 via/,
};
const SILENT = ['docs/mirror.md', 'docs/runbook/FIREWALL_BLOCKS.md'];

kernelTest('every line to type in a guest runs there', async (t) => {
  t.true(lines.length > 25);
  t.deepEqual([...new Set(lines.map(({ file }) => file))].sort(), [...Object.keys(SHOWS), ...SILENT].sort());
  const lab = await freshLab();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  const printed = new Map<string, string>();
  for (const { file, text, where } of lines.filter((line) => !NEEDS_IPTABLES.test(line.text))) {
    // A line that fails rejects with what it wrote.
    const before = printed.has(file) ? '' : (BEFORE[file] ?? '');
    const directory = file === 'docs/mirror.md' ? 'cd /tmp' : '';
    const typed = [before, directory, text].filter(Boolean).join('\n');
    const said = await shell(lab, 'vm-a', typed).catch((error) => t.fail(`${where}: ${text}: ${error}`));
    printed.set(file, `${printed.get(file) ?? ''}${said}\n`);
  }
  for (const [file, shows] of Object.entries(SHOWS)) t.regex(printed.get(file) ?? '', shows, file);
});

testNeeding([...KERNEL, 'iptables'])('and so does the one of iptables', async (t) => {
  const lab = await freshLab();
  const its = lines.filter(({ text }) => NEEDS_IPTABLES.test(text));
  t.is(its.length, 1);
  for (const { text } of its) await t.notThrowsAsync(shell(lab, 'vm-a', text));
});
