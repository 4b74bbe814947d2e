/** Compliance as CSV: a line per path, then one for each thing that is in no path, and for what could not be read. */
import type { CompliancePath, ComplianceView } from './compliance.ts';
import { type Cell, csv } from './csv.ts';
import type { CodeView } from './run.ts';

const COLUMNS = [
  'asOf',
  'vm',
  'vip',
  'verdict',
  'exposure',
  'since',
  'sinceFirstSeen',
  'primarySince',
  'proof',
  'provedAt',
  'proofAgeSeconds',
  'proofSaw',
  'notProved',
  'lookedAt',
  'lookMode',
  'driftFound',
  'driftLeft',
  'believed',
  'findings',
  'loadBalancer',
  'vmId',
  'frontend',
] as const;

type Line = Partial<Record<(typeof COLUMNS)[number], Cell>>;

/** The lines. Of what is in no path there is the id, in the column of VMs, and why. */
export function complianceCsv({ asOf, paths, listed, unread, unreadable = [] }: ComplianceView): string {
  const lines: Line[] = [
    ...paths.map(pathLine),
    ...listed.map(({ id, ...said }) => ({ vmId: id, findings: sentences([said]) })),
    ...unread.map(({ id, code, text }) => ({ vmId: id, findings: sentences([{ code, text }]) })),
    ...unreadable.map((said) => ({ findings: sentences([said]) })),
  ];
  return csv(
    lines.map((line) => ({ ...line, asOf })),
    COLUMNS,
  );
}

const pathLine = ({ proof, look, notProved, findings, ...path }: CompliancePath): Line => ({
  ...path,
  proof: proof.kind,
  provedAt: proof.at,
  proofAgeSeconds: proof.ageSeconds,
  proofSaw: proof.saw?.map(({ address, port }) => `${address}:${port}`).join(' '),
  notProved: notProved?.join(' '),
  lookedAt: look?.at,
  lookMode: look?.mode,
  driftFound: look?.driftFound,
  driftLeft: look?.driftLeft,
  believed: look?.believed,
  findings: sentences(findings),
});

const sentences = (said: readonly CodeView[]): string => said.map(({ code, text }) => `${code}: ${text}`).join(' ');
