/** What documents tell a reader to type: every line of every shell block, and who runs it here. */
import { documents } from './markdown.ts';

/** `app`: requests to the app; `guest`: in a VM; `repository`: npm and npx, in a checkout. */
export type Runner = 'app' | 'guest' | 'repository' | 'nobody';

export interface TypedLine {
  file: string;
  where: string;
  /** Without its comment; a command over several lines is one. */
  text: string;
  runner: Runner;
}

/** The only lines that no test runs, by how they begin, and why. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  // Azure: what the commands are called and which options they take is held by test/docs/commands.test.ts.
  'az ': 'needs Azure',
  'azd ': 'needs Azure',
  'app=$(az ': 'needs Azure',
  'key=$(az ': 'needs Azure',
  'principal=$(az ': 'needs Azure',
  'for provider in Microsoft.App ': 'needs Azure: az in a loop',
  'for name in ilbHairpinGuard-A ': 'needs Azure: az in a loop',
  "curl -s -o /dev/null -w '%{http_code} %{time_total}\\n' https://management.azure.com/": 'needs Azure',
  'getent hosts management.azure.com': 'needs Azure',
  // A VM of Azure.
  'waagent ': 'Azure’s agent is in no guest here',
  'tail -50 /var/log/waagent.log': 'Azure’s agent is in no guest here',
  'ls -t /var/log/azure/': 'Azure’s agent is in no guest here',
  'systemctl status walinuxagent': 'Azure’s agent is in no guest here',
  'systemctl restart walinuxagent': 'Azure’s agent is in no guest here',
  '/usr/local/lib/ilb-hairpin-guard/tell-failover.sh ':
    'needs a topic in Azure; test/mirror/tellFailover.process.test.ts runs the script with each option against a stand-in',
  // A system that boots: lab/booted runs the unit, and reads its journal when a case fails.
  'journalctl ': 'there is no systemd in a guest of the lab',
  'systemctl disable --now ilb-hairpin-guard': 'there is no systemd in a guest of the lab',
  'last -x': 'a guest of the lab keeps no record of boots',
  // Programs of others.
  'firewall-cmd ': 'there is no firewalld in a guest of the lab; test/guest/linux/firewall.kernel.test.ts runs one',
  'docker ': 'needs a container engine',
  'podman ': 'needs a container engine',
  'bpftool ': 'belongs to each kernel’s own package',
  'tcpdump ': 'ends at Ctrl-C alone',
  // A checkout that would be changed, or hours.
  'git fetch --tags': 'would change this checkout',
  'git clone --depth 1 --branch v4.18.0 ': 'an old iproute2 is built from the network',
  './configure && make ': 'an old iproute2 is built from the network',
  'mkdir /tmp/old ': 'an old iproute2 is built from the network',
  'sudo unshare --mount ': 'an old iproute2 is built from the network',
};

/** Every line that documents tell to type. */
export const typedLines = (): TypedLine[] =>
  documents().flatMap(({ file, blocks }) =>
    blocks
      .filter(({ language }) => language === 'bash')
      .flatMap(({ text, where }) =>
        commandLines(text).map((line) => ({ file, where, text: line, runner: runnerOf(line) })),
      ),
  );

/** The variables that requests are written with; they are set where the requests are run. */
const SETS = /^(runs|group|vm)=/;

/** A block’s lines, without comments; one that a `\`, a `|` or a loop goes on after is joined with the next ones. */
function commandLines(block: string): string[] {
  return block
    .replaceAll(/\\\n\s*/g, ' ')
    .replaceAll(/\|\n\s*/g, '| ')
    .replaceAll(/^for [^\n]*do\n[\s\S]*?\ndone/gm, (loop) => loop.replaceAll(/\n\s*/g, ' '))
    .split('\n')
    .map((line) => line.replace(/(^|\s+)#\s.*$/, '').trim())
    .filter((line) => line !== '' && !SETS.test(line));
}

function runnerOf(line: string): Runner {
  if (Object.keys(NOT_RUN).some((beginning) => line.startsWith(beginning))) return 'nobody';
  if (/^np[mx] /.test(line)) return 'repository';
  if (line.startsWith('curl ') && /\$app|\$runs|127\.0\.0\.1:7071/.test(line)) return 'app';
  return 'guest';
}
