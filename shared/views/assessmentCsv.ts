/** An assessment as CSV: a line per path, and one for each thing that could not be read or is in no path. */
import type { Assessment, CodeText } from './assessment.ts';
import { type Cell, csv } from './csv.ts';

const COLUMNS = [
  'kind',
  'state',
  'exposure',
  'share',
  'vm',
  'vip',
  'frontend',
  'loadBalancer',
  'primary',
  'verdict',
  'heard',
  'proof',
  'provedAt',
  'notProved',
  'backends',
  'via',
  'port',
  'findings',
  'right',
  'id',
  'frontendId',
] as const;

type Line = Partial<Record<(typeof COLUMNS)[number], Cell>>;

/** The lines: `kind` is `path`, `unread`, `notTold` or `listed`. */
export function assessmentCsv({ paths, unread, notTold, listed }: Assessment): string {
  const lines: Line[] = [
    ...paths.map(({ findings, proof, vmId, backends, notProved, ...path }) => ({
      kind: 'path',
      ...path,
      backends: backends.join(' '),
      notProved: notProved.join(' '),
      proof: proof.kind,
      provedAt: proof.at,
      findings: said(findings),
      id: vmId,
    })),
    ...unread.map(({ code, text, nextStep, action, name, id }) => ({
      kind: 'unread',
      state: 'unknown',
      vm: name,
      findings: `${said([{ code, text }])} ${nextStep}`,
      right: action,
      id,
    })),
    ...notTold.map(({ code, text, nextStep, ids }) => ({
      kind: 'notTold',
      findings: `${said([{ code, text }])} ${nextStep}`,
      id: ids.join(' '),
    })),
    ...listed.map(({ id, ...finding }) => ({ kind: 'listed', findings: said([finding]), id })),
  ];
  return csv(lines, COLUMNS);
}

const said = (findings: readonly CodeText[]): string => findings.map(({ code, text }) => `${code}: ${text}`).join(' ');
