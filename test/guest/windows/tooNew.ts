/** Whether Windows PowerShell 5.1 with the modules of Windows Server 2016 takes a script, by the list beside this. */
import type { WindowsSyntax } from '../../../simulator/guests/windows/engine.ts';
import allowed from './allowed-5.1.json' with { type: 'json' };

const cmdlets: Record<string, string[]> = allowed.cmdlets;
const dotnet: Record<string, string[]> = allowed.dotnet;
const acceleratorTypes: Record<string, string> = allowed.acceleratorTypes;
const listed = (group: Record<string, string | string[]>) =>
  Object.values(group).flatMap((one) => (Array.isArray(one) ? one : []));

/** Everything in a script that Windows PowerShell 5.1 or Windows Server 2016 may not have, one line each. */
export function tooNew(text: string, syntax: WindowsSyntax): string[] {
  const found: string[] = [...syntax.errors];
  const say = (what: string, line: number) => found.push(`${what} (line ${line})`);
  for (const { name, line } of syntax.tokens) {
    if (allowed.refusedTokens.includes(name)) say(name, line);
    if (name.startsWith('Number') && !/^Number (\d+(\.\d+)?|0x[0-9a-f]+)$/i.test(name)) say(name, line);
  }
  for (const { name, line } of syntax.nodes) if (allowed.refusedNodes.includes(name)) say(name, line);
  const own = new Set(syntax.functions);
  for (const { name, parameters, line } of syntax.commands) {
    if (own.has(name) || name === 'Ampersand VariableExpressionAst') continue;
    const known = cmdlets[name];
    if (!known) say(`cmdlet ${name}`, line);
    for (const parameter of parameters) {
      if (known && ![...known, ...allowed.commonParameters].includes(parameter)) say(`${name} -${parameter}`, line);
    }
  }
  const types = new Set([...Object.keys(dotnet), ...Object.keys(allowed.powershell), ...allowed.accelerators]);
  for (const { name, line } of syntax.types) {
    if (!types.has(name) && !(name in acceleratorTypes)) say(`type ${name}`, line);
  }
  const instance = new Set([...syntax.keys, ...listed(dotnet), ...listed(allowed.powershell), ...listed(allowed.cim)]);
  // Keys that a hashtable gets by assignment.
  for (const [, key] of text.matchAll(/\$\w+\.(\w+) = /g)) if (key) instance.add(key);
  for (const { type, name, line } of syntax.members) {
    const has = type === undefined ? instance.has(name) : dotnet[acceleratorTypes[type] ?? type]?.includes(name);
    if (!has) say(`member ${type ?? ''}.${name}`, line);
  }
  if (/`[eu]/.test(text.replaceAll(/^\s*#.*$/gm, ''))) found.push('escape `e or `u');
  return found;
}
