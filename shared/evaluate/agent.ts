/** Whether a VM's agent can take a managed command. Pure. */

import { type Finding, finding } from '../model/findings.ts';
import type { AgentView } from '../model/surroundings.ts';

/**
 * The least Linux agent for managed Run Command (learn.microsoft.com, "Run scripts in a Linux VM in Azure using managed Run
 * Commands", where the distributions are listed too: none on ARM64). For Windows no such figure is documented.
 */
const LINUX_AGENT = [2, 4, 0, 2];

/** Why an agent cannot take a command now; undefined when it can. */
export function unfitAgent(os: 'linux' | 'windows', agent: AgentView): Finding | undefined {
  if (!/^ready$/i.test(agent.status ?? '')) return finding('AGENT_NOT_READY', { status: agent.status ?? 'silent' });
  const version = agent.version ?? '';
  const numbers = /^\d+(\.\d+)+$/.test(version) ? version.split('.').map(Number) : undefined;
  if (os !== 'linux' || !numbers) return undefined;
  const difference = LINUX_AGENT.map((least, i) => (numbers[i] ?? 0) - least).find((value) => value !== 0) ?? 0;
  return difference < 0 ? finding('AGENT_TOO_OLD', { version }) : undefined;
}
