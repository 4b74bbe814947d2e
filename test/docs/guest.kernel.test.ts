/** What documents say to type in a Linux guest runs in one, line by line, and shows what they say. */
import { startKernelLab } from '../../simulator/guests/kernel/lab.ts';
import { guard, planOf, shell } from '../guest/linux/guests.ts';
import { readDocument } from '../helpers/markdown.ts';
import { KERNEL, testNeeding } from '../needs.ts';
import { labOf } from '../simulator/guests/labOf.ts';

const kernelTest = testNeeding(KERNEL);
const freshLab = labOf(startKernelLab);

/** No systemd, no service that writes to a journal, and no firewall but nftables is in a guest of the lab. */
const NOT_HERE = /^(journalctl|systemctl|firewall-cmd|iptables-save)\b/;

/** The lines of a document's shell block, found by a text that it holds. */
function linesOf(file: string, holds: string): string[] {
  const block = readDocument(file).blocks.find(({ language, text }) => language === 'bash' && text.includes(holds));
  if (!block) throw new Error(`${file} has lost its block with ${holds}`);
  return block.text.split('\n').filter((line) => line.trim() !== '' && !NOT_HERE.test(line));
}

/** Files with a block, what it holds, and what one of its lines must show in a guest that is as planned. */
const BLOCKS: [file: string, holds: string, shows: RegExp][] = [
  ['docs/linux.md', 'ip route show table 7201', /dev eth1 table 7201/],
  ['docs/runbook/CONNECT_FAILED.md', 'ip route get', /connected/],
  ['docs/runbook/FIREWALL_BLOCKS.md', 'nft list ruleset', /^/],
  ['docs/runbook/GUEST_FAILED.md', 'ip -br link', /eth1/],
  ['docs/runbook/UNSUPPORTED_OS.md', 'uname -r', /iproute2/],
  ['docs/runbook/VIP_KEPT.md', 'ip route show table 7201', /10\.0\.1\.100 via/],
];

kernelTest('commands to look at a guest by hand', async (t) => {
  const lab = await freshLab();
  await guard(lab, 'vm-a', 'apply', planOf('vm-a'));
  for (const [file, holds, shows] of BLOCKS) {
    const printed: string[] = [];
    // A line that fails rejects with what it wrote. What asks Azure is for a person's own machine.
    for (const line of linesOf(file, holds)) if (!line.startsWith('az ')) printed.push(await shell(lab, 'vm-a', line));
    t.regex(printed.join(''), shows, file);
  }
});
