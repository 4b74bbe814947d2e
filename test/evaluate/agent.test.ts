/** Which agents can take a managed command. */

import test from 'ava';
import { unfitAgent } from '../../shared/evaluate/agent.ts';
import type { FindingCode } from '../../shared/model/findings.ts';
import type { AgentView } from '../../shared/model/surroundings.ts';

const table: [string, 'linux' | 'windows', AgentView, FindingCode | undefined][] = [
  ['a ready Linux agent of today', 'linux', { status: 'Ready', version: '2.11.1.4' }, undefined],
  ['whatever the letter case of its status', 'linux', { status: 'READY', version: '2.11.1.4' }, undefined],
  ['the first Linux agent with managed commands', 'linux', { status: 'Ready', version: '2.4.0.2' }, undefined],
  ['a Linux agent of the same line before it', 'linux', { status: 'Ready', version: '2.4.0.0' }, 'AGENT_TOO_OLD'],
  ['a Linux agent before it', 'linux', { status: 'Ready', version: '2.3.9' }, 'AGENT_TOO_OLD'],
  ['a Linux agent of another age', 'linux', { status: 'Ready', version: '1.99.0.0' }, 'AGENT_TOO_OLD'],
  ['a Linux agent whose numbers are compared as numbers', 'linux', { status: 'Ready', version: '2.10' }, undefined],
  ['a Linux agent that does not tell its version', 'linux', { status: 'Ready' }, undefined],
  ['a Linux agent whose version is no number', 'linux', { status: 'Ready', version: 'unknown' }, undefined],
  ['a Windows agent of any version', 'windows', { status: 'Ready', version: '2.3.1' }, undefined],
  ['an agent that is not ready', 'windows', { status: 'Not Ready', version: '2.7.0' }, 'AGENT_NOT_READY'],
  ['an agent that is almost ready', 'linux', { status: 'Ready soon', version: '2.11.1.4' }, 'AGENT_NOT_READY'],
  ['an old agent whose version has more than numbers', 'linux', { status: 'Ready', version: '2.3.9-x' }, undefined],
  ['an agent that reported nothing', 'linux', {}, 'AGENT_NOT_READY'],
];
for (const [what, os, agent, code] of table) {
  test(`${what}: ${code ?? 'can take a command'}`, (t) => t.is(unfitAgent(os, agent)?.code, code));
}

test('what keeps an agent from it is said', (t) => {
  const params = (agent: AgentView) => unfitAgent('linux', agent)?.params;
  t.deepEqual(params({}), { status: 'silent' });
  t.deepEqual(params({ status: 'Not Ready', version: '2.3.9' }), { status: 'Not Ready' });
  t.deepEqual(params({ status: 'Ready', version: '2.3.9' }), { version: '2.3.9' });
});
