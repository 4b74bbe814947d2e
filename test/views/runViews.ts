/** Run documents to show: one that has every field, and the same with lies in place of its texts. */
import type { RunView } from '../../shared/views/run.ts';
import { spoil, textPaths } from '../reliability/hostile.ts';

const GROUP = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/healthshare-rg/providers';
const vmId = (name: string) => `${GROUP}/Microsoft.Compute/virtualMachines/${name}`;
const frontend = `${GROUP}/Microsoft.Network/loadBalancers/ilb/frontendIPConfigurations/ucr`;

/** A run with every field that a run can have. */
export const fullRun: RunView = {
  runId: '0123456789abcdef0123456789abcdef',
  signal: 'failover',
  mode: 'apply',
  dryRun: true,
  state: 'settled',
  acceptedAt: '2026-01-05T10:00:00.000Z',
  settledAt: '2026-01-05T10:00:09.000Z',
  scope: [vmId('hs-a'), vmId('hs-b')],
  retryOf: 'f'.repeat(32),
  event: { source: '/topics/mirrors', id: 'e-1', time: '2026-01-05T09:59:58Z' },
  confirmation: { state: 'confirmed', afterMs: 2500 },
  reason: { code: 'AZURE_FAILED', text: 'Lists could not be read, "twice".' },
  counts: {
    vms: 2,
    compliant: 0,
    repaired: 1,
    repairable: 0,
    blocked: 1,
    unknown: 0,
    failed: 0,
    removed: 0,
    superseded: 0,
    planned: 0,
    cancelled: 0,
    commands: 1,
    looked: 1,
    believed: 0,
  },
  vms: [
    {
      vm: 'hs-a',
      vmId: vmId('hs-a'),
      state: 'settled',
      result: 'repaired',
      changed: 4,
      warnings: [{ code: 'forwarding', text: 'The VM forwards IPv4 packets.' }],
      findings: [],
      paths: [
        {
          frontend,
          vip: '10.0.1.100',
          exposure: 'active',
          verdict: 'compliant',
          proof: { kind: 'self', at: '2026-01-05T10:00:07.000Z', saw: ['10.0.1.10:1972'] },
          notProved: ['10.0.1.15:57772', '10.0.1.15:514/udp'],
          findings: [],
          before: { drift: ['route-missing', 'reply-rule'], outcome: 'timeout', ms: 3001 },
          after: { drift: [], outcome: 'ok', ms: 2 },
        },
        {
          frontend,
          vip: '10.0.1.101',
          exposure: 'latent',
          verdict: 'blocked',
          proof: { kind: 'none' },
          findings: [{ code: 'NO_SECONDARY_NIC', text: 'Add a NIC, then\nstart the VM.' }],
        },
      ],
      plan: {
        frontends: [
          {
            vip: '10.0.1.100',
            port: 1972,
            backends: [{ ip: '10.0.1.10', mac: '00:0d:3a:00:0a:01' }],
            via: { ip: '10.0.1.11', mac: '00:0d:3a:00:0a:02' },
          },
        ],
      },
      script: '#!/bin/bash\necho "<ok>"\n',
    },
    {
      vm: 'hs-b',
      vmId: vmId('hs-b'),
      state: 'waiting',
      waitingFor: { code: 'MEMBER_BUSY', text: 'Another member is being changed.' },
      changed: 0,
      warnings: [],
      findings: [{ code: 'AGENT_NOT_READY', text: 'The agent does not answer.' }],
      paths: [],
    },
  ],
};

/** The same document with other texts in every place that holds one. */
export const lyingRun = (texts: readonly string[]): RunView => spoil(fullRun, textPaths(fullRun), texts);
