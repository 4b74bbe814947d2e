/** What the script puts into a guest belongs to root: another user reads at most, and never writes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';

const SCRIPTS = join(import.meta.dirname, '..', '..', '..', 'shared', 'guest', 'linux');
const INSTALL = readFileSync(join(SCRIPTS, 'install.sh'), 'utf8');

test('files and folders that are put into a guest are written by their owner alone, whatever the umask', (t) => {
  const modes = [...INSTALL.matchAll(/^\s+"\$\w+"\) put_file "\$file" (\d+) /gm)].map(([, mode]) => mode ?? '');
  t.is(modes.length, 3);
  const folder = mkdtempSync(join(tmpdir(), 'hairpin-files-'));
  try {
    const functions = [...INSTALL.matchAll(/^put_(?:folder|file)\(\) \{[\s\S]*?^\}$/gm)].map(([text]) => text);
    t.is(functions.length, 2);
    const script = `set -u; CHANGED=0; note() { :; }; set_error() { echo "$@" >&2; exit 1; }; type() { :; }
PLAN_FOLDER="$1/own"
${functions.join('\n')}
umask 000
i=0; for mode in "\${@:2}"; do put_file "$1/own/$i" "$mode" text; put_file "$1/shared/$i" "$mode" text; i=$((i+1)); done`;
    const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', folder, ...modes], { encoding: 'utf8' });
    t.is(status, 0, stderr);
    const others = 0o022;
    for (const [i] of modes.entries()) {
      for (const place of ['own', 'shared']) t.is(statSync(join(folder, place, String(i))).mode & others, 0, place);
    }
    t.is(statSync(join(folder, 'own')).mode & 0o777, 0o700);
    t.is(statSync(join(folder, 'shared')).mode & others, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('locks lie in a folder of root’s own, which the service makes so too', (t) => {
  const guard = readFileSync(join(SCRIPTS, 'guard.sh'), 'utf8');
  t.regex(guard, /^umask 077$/m);
  t.regex(INSTALL, /^RuntimeDirectoryMode=0700$/m);
});
