/** One machine that boots: a root folder over the image, and systemd-nspawn in a network namespace. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../simulator/guests/kernel/commands.ts';
import { now, until } from './clock.ts';
import type { GuestSpec } from './managers/spec.ts';

const BOOT_MS = 300_000;
const POWEROFF_MS = 60_000;
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ShellResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export class Machine {
  readonly root: string;
  /** When its first process was started, on the lab's clock. */
  bootedAt = 0;
  readonly #name: string;
  readonly #groups: string[];
  #nspawn: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #leader = '';
  #said = '';

  /** `image` is laid under the machine's own files, which are in memory. Its network namespace has its name. */
  static async make(name: string, image: string, groups: string[]): Promise<Machine> {
    const folder = join('/run/guests', name);
    await mkdir(folder, { recursive: true });
    await run(['mount', '-t', 'tmpfs', 'tmpfs', folder]);
    for (const layer of ['upper', 'work', 'root']) await mkdir(join(folder, layer));
    const layers = `lowerdir=${image},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
    await run(['mount', '-t', 'overlay', 'overlay', '-o', layers, join(folder, 'root')]);
    return new Machine(name, join(folder, 'root'), groups);
  }

  private constructor(name: string, root: string, groups: string[]) {
    this.#name = name;
    this.root = root;
    this.#groups = groups;
  }

  /** Writes a network manager's files and enables its units. */
  async furnish(files: Record<string, string>, units: GuestSpec['units']): Promise<void> {
    const all = { ...files, '/etc/hostname': `${this.#name}\n` };
    for (const [path, text] of Object.entries(all)) {
      await mkdir(dirname(join(this.root, path)), { recursive: true });
      await writeFile(join(this.root, path), text);
      await chmod(join(this.root, path), modeOf(path));
    }
    if (units.length === 0) return; // no machine has an empty folder there
    const wanted = join(this.root, 'etc/systemd/system/multi-user.target.wants');
    await mkdir(wanted, { recursive: true });
    for (const unit of units) {
      const folder = files[`/etc/systemd/system/${unit}`] === undefined ? '/lib/systemd/system' : '/etc/systemd/system';
      await symlink(`${folder}/${unit}`, join(wanted, unit));
    }
  }

  /** Starts it, and resolves when systemd says that it runs. */
  async boot(): Promise<void> {
    this.bootedAt = now();
    const script = join(import.meta.dirname, 'nspawn.sh');
    const words = [`--directory=${this.root}`, `--network-namespace-path=/run/netns/${this.#name}`];
    const child = spawn('/bin/bash', [script, ...this.#groups, '--', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-3000);
      });
    this.#nspawn = child;
    this.#gone = new Promise((resolve) => child.once('exit', () => resolve()));
    if (await until(() => this.#isRunning(), BOOT_MS, 100)) return;
    throw new Error(`${this.#name} did not boot within ${BOOT_MS} ms: ${this.#said.trim()}`);
  }

  async #isRunning(): Promise<boolean> {
    const pid = this.#nspawn?.pid;
    if (pid === undefined || this.#nspawn?.exitCode !== null) throw new Error(`nspawn ended: ${this.#said.trim()}`);
    this.#leader = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0] ?? '';
    if (this.#leader === '') return false;
    const { stdout } = await this.shell('systemctl is-system-running');
    return /^(running|degraded)$/m.test(stdout);
  }

  /** Runs shell text inside, as a person at the console would. */
  shell(text: string): Promise<ShellResult> {
    const enter = ['-t', this.#leader, '-m', '-p', '-n', '-u', '-i', '-C', 'env', '-i', PATH, '/bin/bash', '-c', text];
    return new Promise((resolve, reject) => {
      const child = spawn('nsenter', enter, { stdio: ['ignore', 'pipe', 'pipe'] });
      const result: ShellResult = { exitCode: null, stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].setEncoding('utf8').on('data', (more: string) => {
          result[stream] += more;
        });
      child.on('error', reject);
      child.on('close', (code) => resolve({ ...result, exitCode: code }));
    });
  }

  /** Shuts it down, as a reboot does; one that does not end by itself is killed. */
  async poweroff(): Promise<void> {
    if (!this.#nspawn || this.#nspawn.exitCode !== null) return;
    await this.shell('systemctl poweroff --no-block');
    const ended = await Promise.race([
      this.#gone.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, POWEROFF_MS, false)),
    ]);
    if (!ended) await this.kill();
  }

  async kill(): Promise<void> {
    this.#nspawn?.kill('SIGKILL');
    await this.#gone;
  }

  /** Ends it, and with it every file that it wrote. */
  async destroy(): Promise<void> {
    await this.kill();
    await run(['umount', '--lazy', this.root, dirname(this.root)]);
  }
}

/** NetworkManager takes no profile, and netplan is not content with a file, that others may read. */
function modeOf(path: string): number {
  if (/\.(nmconnection|yaml)$/.test(path)) return 0o600;
  return /\/(bin|sbin|pre-up\.d)\//.test(path) ? 0o755 : 0o644;
}
