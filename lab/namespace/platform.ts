/** How the platform runs the script. */
import assert from 'node:assert/strict';
import { renderScript } from '../../shared/guest/render.ts';
import { parseReport } from '../../shared/guest/report.ts';
import type { GuestReport } from '../../shared/model/guest.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { commandFor, guard, PATIENCE_MS, planOf, put, shell, UCR, until } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { prove } from './recover.ts';
import { articleLab, VM } from './watcher.ts';

const APPLY = commandFor('apply', planOf(VM));
const script = renderScript('linux', APPLY);

/** Runs the applying script by shell text in the guest, where it is /tmp/script.sh. */
async function runBy(lab: KernelLab, text: string): Promise<GuestReport> {
  await put(lab, VM, '/tmp/script.sh', script);
  return parseReport((await lab.exec(VM, ['/bin/bash', '-c', text])).stdout, APPLY);
}

/** Whatever surrounds it, the run ends with both paths proved. */
const SURROUNDINGS: Record<string, string> = {
  'a folder that is gone, and no environment at all':
    'mkdir /tmp/gone; cd /tmp/gone; rmdir /tmp/gone; env -i /bin/bash -c /tmp/script.sh',
  'a Turkish locale': 'LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 LANGUAGE=tr /bin/bash -c /tmp/script.sh',
  'a Thai calendar and a comma for the point':
    'LC_TIME=th_TH.UTF-8 LC_NUMERIC=de_DE.UTF-8 TZ=Asia/Bangkok /bin/bash -c /tmp/script.sh',
  'BASH_COMPAT=4.4': 'BASH_COMPAT=4.4 /bin/bash -c /tmp/script.sh',
  'odd variables': `IFS=: TMOUT=1 GLOBIGNORE='*' BASH_ENV=/etc/passwd ENV=/etc/passwd CDPATH=/tmp COLUMNS=20 FUNCNEST=2 VIP=x MODE=remove WORK=/ LINES=3 /bin/bash -c /tmp/script.sh`,
  'options and functions that others exported, and an empty PATH in a folder with an ip of its own':
    'mkdir /tmp/odd; cd /tmp/odd; echo "#!/bin/false" >ip; chmod 755 ip; ip() { :; }; date() { :; }; read() { :; }; export -f ip date read; set -e -u -C -k -o pipefail; shopt -s nullglob failglob nocasematch extdebug; export SHELLOPTS BASHOPTS; PATH= /bin/bash -c /tmp/script.sh',
  'a clock that goes an hour back during each connect': `printf '#!/bin/bash\n[[ -e /tmp/set$PPID ]] && echo 1000000000000000000 && exit\n: >/tmp/set$PPID\nexec /usr/bin/date "$@"\n' >/usr/local/sbin/date; chmod 755 /usr/local/sbin/date; /bin/bash -c /tmp/script.sh; rm /usr/local/sbin/date`,
  'closed input and a full pipe of errors': '/bin/bash -c /tmp/script.sh <&- 2>/dev/full',
  'few file handles': 'ulimit -n 64; /bin/bash -c /tmp/script.sh',
  'signals that the parent ignores': `trap '' PIPE HUP INT; /bin/bash -c /tmp/script.sh`,
};

/** Names that earlier versions took from the environment. */
const FORMER_SEAMS = ['HAIRPIN_CONNECT'];

/** Bash believes a caller's EUID, and the script then says that it is not root; the path is set to a folder of its own. */
const KEPT = new Set(['PATH', 'EUID']);

/**
 * A caller's environment leads nowhere: every name that the script uses, and programs of the caller's own first on the
 * path, each of which would leave its mark. In arithmetic a variable with this value would run the command in it.
 */
const callersOwn: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const mark = 'PATH[$(touch /tmp/own/ran)]';
  const names = new Set([...(script.match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? []), ...FORMER_SEAMS]);
  assert(names.size > 100);
  const variables = [...names].filter((name) => !KEPT.has(name)).map((name) => `'${name}=${mark}'`);
  const report = await runBy(
    lab,
    `mkdir /tmp/own; printf '#!/bin/bash\\n: >/tmp/own/ran\\n' >/tmp/own/bash; chmod 755 /tmp/own/bash
    for folder in /usr/bin /bin /usr/sbin /sbin; do for it in $folder/*; do ln -sf bash /tmp/own/\${it##*/}; done; done
    exec /usr/bin/env ${variables.join(' ')} PATH=/tmp/own /tmp/script.sh`,
  );
  assert.deepEqual(
    [report.errorCode, ...report.paths.map((path) => path.after.join() + path.proof)],
    [undefined, 'self', 'self'],
    report.errorDetail,
  );
  assert.equal(await shell(lab, VM, 'ls /tmp/own/ran 2>/dev/null || true'), '', 'something of the caller was run');
  return {
    ok: true,
    detail: `${names.size} variables, and every program of the machine’s by another name; ${await prove(lab)}`,
  };
};

const surrounded =
  (text: string): LabCase['run'] =>
  async () => {
    const lab = await freshLab(articleLab);
    const report = await runBy(lab, text);
    assert.deepEqual(
      [report.errorCode, ...report.paths.map((path) => path.after.join() + path.proof)],
      [undefined, 'self', 'self'],
      report.errorDetail,
    );
    return { ok: true, detail: await prove(lab) };
  };

const crlf: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const { report } = await guard(lab, VM, 'apply', planOf(VM), (text) => `\uFEFF${text.replaceAll('\n', '\r\n')}`);
  assert.deepEqual(
    report.paths.map((path) => path.proof),
    ['self', 'self'],
  );
  return { ok: true, detail: `the handler makes it a script again; ${await prove(lab)}` };
};

/** In posix mode a failed `exec` ends the shell, and what was refused at once would look as if it had timed out. */
const posix: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  await guard(lab, VM, 'apply', planOf(VM));
  await shell(lab, VM, `ip route replace unreachable ${UCR} table 7201 proto 201`);
  const report = await runBy(lab, 'POSIXLY_CORRECT=1 /bin/bash -c /tmp/script.sh');
  assert.deepEqual(
    report.paths.map(({ connectBefore, after }) => [connectBefore.outcome, after.join()]),
    [
      ['unreachable', ''],
      ['ok', ''],
    ],
  );
  return { ok: true, detail: `unreachable is told as that; ${await prove(lab)}` };
};

/** The handler kills the script alone when its time is up. Its connects live on, and here tell only then, for 4 s, how they went. */
const killedParent: LabCase['run'] = async () => {
  const lab = await freshLab(articleLab);
  const slow = renderScript('linux', { ...APPLY, limits: { connectSeconds: 5, totalSeconds: 60 } });
  const telling = slow.replace(
    /^ {2}\{ exec 3<>.*$/m,
    '  sleep 2; for _ in {1..40}; do sleep 0.1; echo "f 1 1" >"$4"; done',
  );
  assert.notEqual(telling, slow);
  const connecting = "ps -e -o args= | grep -c '[c]onnects ' || true";
  const count = async () => Number(await shell(lab, VM, connecting));
  const timeIsUp = new AbortController();
  const run = lab.runScript(VM, telling, PATIENCE_MS / 1000, timeIsUp.signal);
  await until('the connects', async () => (await count()) > 0);
  timeIsUp.abort();
  assert.equal((await run).exitCode, 137);
  const survivors = await count();
  assert(survivors > 0, 'the connects outlive their parent');
  const began = Date.now();
  const { report } = await guard(lab, VM, 'apply', planOf(VM));
  assert.equal(report.errorCode, undefined, report.errorDetail);
  const recoveredMs = Date.now() - began;
  for (const { connectBefore } of report.paths) assert.equal(connectBefore.outcome, 'timeout', 'told by another run');
  const proof = await prove(lab);
  await shell(lab, VM, `for i in {1..1000}; do [[ $(${connecting}) != 0 ]] || exit 0; sleep 0.1; done; exit 1`);
  assert.equal(await shell(lab, VM, 'ls -A /run/ilb-hairpin-guard'), '');
  const detail = `${survivors} processes survived it and ended by themselves; the next run took over; ${proof}`;
  return { ok: true, recoveredMs, detail };
};

export const platformCases = (): LabCase[] => [
  ...Object.entries(SURROUNDINGS).map(
    ([what, text]): LabCase => ({
      name: `run with ${what}`,
      manager: 'none',
      run: surrounded(text),
    }),
  ),
  { name: 'run with the caller’s own variables and programs', manager: 'none', run: callersOwn },
  { name: 'run with CRLF and a byte order mark', manager: 'none', run: crlf },
  { name: 'run with POSIXLY_CORRECT, and a VIP that is unreachable', manager: 'none', run: posix },
  { name: 'killed by the handler, its children survive', manager: 'none', run: killedParent },
];
