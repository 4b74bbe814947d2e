/** The command line in a process of its own, over a simulated Azure. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Arm } from '../../simulator/arm/arm.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What a process needs to be signed in to the simulated Azure. */
export const signedIn = (arm: Arm): Record<string, string> => ({
  ...arm.env,
  PATH: process.env.PATH ?? '',
  TERM: 'xterm',
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
  HAIRPIN_ARM_ENDPOINT: arm.endpoint,
  HAIRPIN_ARM_AUDIENCE: arm.endpoint,
  ...(process.env.NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } : {}),
});

/** Runs `assess` to its end. */
export const assess = (arm: Arm, args: string[] = [], env: Record<string, string> = {}): Promise<Ran> =>
  runProgram(process.execPath, [MAIN, 'assess', ...args], { ...signedIn(arm), ...env });

/** Runs a program to its end, with the environment given and no terminal. */
export function runProgram(program: string, args: string[], env: Record<string, string>, cwd?: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A shell line in which `$assess` is the command. */
export const shell = (arm: Arm, line: string): Promise<Ran> =>
  runProgram('/bin/bash', ['-c', line], { ...signedIn(arm), assess: `${process.execPath} ${MAIN} assess` });
