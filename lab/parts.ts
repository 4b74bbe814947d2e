/** The parts of the lab, loaded when they are run. */
import { kernelLabAvailable } from '../simulator/guests/kernel/available.ts';
import type { CaseResult, LabCase } from './case.ts';

export interface Part {
  name: string;
  /** What this machine lacks, a line each; empty when the part can run. */
  needs(): Promise<string[]>;
  cases(): Promise<LabCase[]>;
  /** True when its cases take turns by themselves, and may be begun all at once. */
  sideBySide: boolean;
  /** Ends whatever the cases started. */
  stop(): Promise<void>;
  /** The results as Markdown, where docs/linux.md has a place for them. */
  tables?(results: CaseResult[]): Promise<string>;
}

export const PARTS: Part[] = [
  {
    name: 'namespaces',
    sideBySide: false,
    async needs() {
      const available = kernelLabAvailable();
      return available.ok ? [] : available.missing.map(({ what, howTo }) => `${what}: ${howTo}`);
    },
    cases: async () => (await import('./namespace/all.ts')).namespaceCases(),
    stop: async () => (await import('./labs.ts')).stopLabs(),
  },
  {
    name: 'booted',
    sideBySide: true,
    needs: async () => (await import('./booted/booted.ts')).bootedNeeds(),
    cases: async () => (await import('./booted/booted.ts')).bootedCases(),
    stop: async () => (await import('./booted/booted.ts')).stopBooted(),
    tables: async (results) => (await import('./booted/table.ts')).bootedTable(results),
  },
];
