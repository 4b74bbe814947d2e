/** ip, nft and kernel settings, as the lab's processes use them. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';

/** Runs a program with text on its standard input. Rejects with what it wrote to standard error when it fails. */
export function run(argv: string[], input = ''): Promise<string> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0
        ? resolve(out)
        : reject(new Error(`${argv.join(' ')} ended with ${code}: ${err.trim() || out.trim()}`)),
    );
    // A program that ends early is told by its exit code.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Runs lines through `ip -batch`, in a network namespace when one is named. */
export const ip = (lines: string[], namespace?: string): Promise<string> =>
  run(
    ['ip', ...(namespace === undefined ? [] : ['-n', namespace]), '-batch', '-'],
    lines.map((line) => `${line}\n`).join(''),
  );

/** Loads a ruleset: all of it or nothing. */
export const nft = (ruleset: string): Promise<string> => run(['nft', '-f', '-'], ruleset);

/** Writes settings below /proc/sys/net/ipv4 of this network namespace. */
export const settings = async (list: [string, string][]): Promise<void> => {
  for (const [path, value] of list) await writeFile(`/proc/sys/net/ipv4/${path}`, value);
};
