/** The estate as a document: what the page draws. Pure. Long: each part of one document is made beside the others. */

import { type Forecast, forecast } from '../evaluate/forecast.ts';
import { push } from '../evaluate/lists.ts';
import { compareText } from '../model/address.ts';
import type { EstateReading, Heard } from '../model/estateReading.ts';
import { findingText, findingVerdict } from '../model/findings.ts';
import { type IdKey, idKey, parentId, shortName } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import { defined } from '../model/optional.ts';
import type { Evaluation, FrontendView, Path } from '../model/path.ts';
import type { FrontendRow, VmRow } from '../model/rows.ts';
import type { Nic, Topology } from '../model/topology.ts';
import { estateHead, type KnownView } from './estateHead.ts';
import {
  type EstateView,
  type FrontendEntry,
  type GroupView,
  type LossEntry,
  PATH_STATES,
  type PathEntry,
  type PathWord,
  type VmEntry,
} from './estateSchema.ts';
import { unreadableView } from './run.ts';
import { sinceView } from './since.ts';

/** What the document is made of. */
export interface EstateData extends Pick<KnownView, 'listedAt' | 'evaluation' | 'histories' | 'unreadable'> {
  observed: Pick<EstateReading, 'at' | 'topology' | 'unread'>;
  /**
   * For a look from outside, where nobody repairs by himself: what is known of the fix on each VM. A path is then `failing`
   * or `exposed` where this program never worked on its VM, as an assessment says it.
   */
  heard?: ReadonlyMap<IdKey, Heard>;
  vms: ReadonlyMap<IdKey, Pick<VmRow, 'command' | 'hold'>>;
  frontends: ReadonlyMap<IdKey, Pick<FrontendRow, 'primarySince' | 'halted'>>;
}

/** Of a look from outside: nothing was kept of anything. */
export const NO_ROWS: Pick<EstateData, 'vms' | 'frontends' | 'histories' | 'unreadable'> = {
  vms: new Map(),
  frontends: new Map(),
  histories: new Map(),
  unreadable: [],
};

/** The document. Groups, and the VMs in each, are worst first; frontends in order of their VIPs. */
export function estateView(data: EstateData, enforcement: EstateView['enforcement']): EstateView {
  const { evaluation, observed } = data;
  const { topology } = observed;
  const { asOf, listedAt, unread } = estateHead(data);
  const findings = new Findings();
  const ahead = forecast(evaluation);
  const lost = new Map(ahead.ifLost.map((entry) => [idKey(entry.vmId), entry]));
  const nics = nicsByVm(topology);
  const listed = new Map(topology.vms.map((vm) => [idKey(vm.id), vm]));
  const groups = connected(evaluation).map((keys) => groupOf(keys));
  const states = Object.fromEntries(PATH_STATES.map((state) => [state, 0])) as Record<PathWord, number>;
  for (const { vms } of groups) for (const { paths } of vms) for (const { state } of paths) states[state] += 1;
  return {
    schema: 1,
    asOf,
    listedAt,
    enforcement,
    counts: {
      vms: evaluation.pathsOfVm.size,
      frontends: evaluation.frontends.length,
      mirrors: evaluation.frontends.filter(({ mirror }) => mirror).length,
      paths: evaluation.paths.length,
      states,
    },
    groups: groups.sort((a, b) => rank(a.state) - rank(b.state) || compareText(nameOf(a), nameOf(b))),
    findings: findings.list,
    listed: evaluation.listed.map(({ id, finding }) => ({ id, code: finding.code, text: findingText(finding) })),
    unread,
    unreadable: data.unreadable.map(unreadableView),
    forecastCut: ahead.cut,
  };

  function groupOf(views: readonly FrontendView[]): GroupView {
    const frontendAt = new Map(views.map(({ key }, i) => [key, i]));
    const pathsOf = new Map<IdKey, Path[]>();
    for (const { key } of views) {
      for (const path of evaluation.pathsOfFrontend.get(key) ?? []) {
        push(pathsOf, path.vmKey, path);
      }
    }
    const made = [...pathsOf].map(([key, paths]) => {
      const entries = paths
        .map((path) => ({
          ...pathEntry(path, frontendAt.get(path.frontendKey) ?? 0, findings, isBare(path, data.heard)),
          ...sinceView(data.histories.get(key), path),
        }))
        .sort((a, b) => a.frontend - b.frontend);
      return { key, paths, entries, worst: Math.min(...entries.map(({ state }) => rank(state))) };
    });
    made.sort((a, b) => a.worst - b.worst || compareText(a.key, b.key));
    const vmAt = new Map(made.map(({ key }, i) => [key, i]));
    const vms = made.map(({ key, paths, entries }): VmEntry => {
      const vm = listed.get(key);
      const row = data.vms.get(key);
      const id = vm?.id ?? paths[0]?.vmId ?? key;
      const forecasted = lost.get(key);
      return {
        id,
        name: shortName(id),
        os: vm?.os ?? 'unknown',
        power: vm?.power ?? 'unknown',
        nics: (nics.get(key) ?? []).map((nic) => nicEntry(nic, paths)),
        paths: entries,
        ...defined({
          command: row?.command && { mode: row.command.mode, since: iso(row.command.intendedAt) },
          held: row?.hold ? true : undefined,
          ifLost: forecasted && lossEntry(forecasted, vmAt, frontendAt),
        }),
      };
    });
    const balancers = new Map(views.map(({ loadBalancerId: id }) => [idKey(id), { id, name: shortName(id) }]));
    return {
      loadBalancers: [...balancers.values()],
      state: PATH_STATES[made[0]?.worst ?? PATH_STATES.length - 1] ?? 'safe',
      frontends: views.map((view) => frontendEntry(view, data.frontends.get(view.key), vmAt)),
      vms,
    };
  }
}

const rank = (state: PathWord): number => PATH_STATES.indexOf(state);
const nameOf = ({ loadBalancers, frontends }: GroupView): string =>
  `${loadBalancers.map(({ name }) => name).join()} ${frontends[0]?.name}`;

/** Each sentence once, in the order in which it was met. */
class Findings {
  readonly list: EstateView['findings'] = [];
  readonly #at = new Map<string, number>();

  place(finding: Path['findings'][number]): number {
    const text = findingText(finding);
    const key = `${finding.code} ${text}`;
    const known = this.#at.get(key);
    if (known !== undefined) return known;
    this.#at.set(key, this.list.length);
    this.list.push({ code: finding.code, verdict: findingVerdict(finding.code), text });
    return this.list.length - 1;
  }
}

/** The frontends of each group that paths join, in the evaluation's order. */
function connected({ frontends, pathsOfFrontend }: Evaluation): FrontendView[][] {
  const parent = new Map<IdKey, IdKey>();
  const find = (key: IdKey): IdKey => {
    let at = key;
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) at = up;
    // The way is shortened for the next.
    for (let on = key; on !== at; ) {
      const up = parent.get(on) ?? at;
      parent.set(on, at);
      on = up;
    }
    return at;
  };
  for (const { key } of frontends) {
    for (const { vmKey } of pathsOfFrontend.get(key) ?? []) parent.set(find(vmKey), find(key));
  }
  return [...Map.groupBy(frontends, ({ key }) => find(key)).values()];
}

function nicsByVm({ nics, vms }: Topology): Map<IdKey, Nic[]> {
  const byKey = new Map(nics.map((nic) => [idKey(nic.id), nic]));
  return new Map(vms.map((vm) => [idKey(vm.id), vm.nicIds.flatMap((id) => byKey.get(idKey(id)) ?? [])]));
}

function nicEntry(nic: Nic, paths: readonly Path[]): VmEntry['nics'][number] {
  const addresses = nic.ipConfigurations.flatMap(({ address }) => address ?? []);
  const isAny = (ips: readonly string[]) => ips.some((ip) => addresses.includes(ip));
  const isPool = isAny(paths.flatMap(({ backends }) => backends.map(({ ip }) => ip)));
  const isVia = isAny(paths.flatMap(({ via }) => via?.ip ?? []));
  const otherwise = isVia ? 'via' : 'other';
  return { name: shortName(nic.id), addresses, role: isPool ? 'pool' : otherwise };
}

/** The state of a path in one word. */
export function stateOf({ exposure, verdict, proof }: Pick<Path, 'exposure' | 'verdict' | 'proof'>): PathWord {
  if (exposure === 'none') return 'safe';
  if (verdict === 'compliant') return proof.kind === 'self' ? 'proved' : 'set';
  if (verdict === 'unknown') return 'unknown';
  if (exposure === 'active') return 'failing';
  return verdict === 'blocked' ? 'blocked' : 'exposed';
}

/** True where this program is known never to have worked on the VM, and nothing else is unknown of it. */
const isBare = ({ vmKey, verdict, findings }: Path, heard: EstateData['heard']): boolean =>
  heard !== undefined && verdict === 'unknown' && findings.length === 0 && (heard.get(vmKey) ?? 'never') === 'never';

function pathEntry(path: Path, frontend: number, findings: Findings, bare: boolean): PathEntry {
  const { kind, at, seen } = path.proof;
  const share = path.share > 0 && path.share < 1 ? path.share : undefined;
  return {
    frontend,
    state: stateOf(bare ? { ...path, verdict: 'repairable' } : path),
    exposure: path.exposure,
    verdict: path.verdict,
    proof: {
      kind,
      ...defined({ at: at > 0 ? iso(at) : undefined, saw: seen?.map(({ ip, port }) => `${ip}:${port}`) }),
    },
    backends: path.backends.map(({ ip }) => ip),
    findings: path.findings.map((one) => findings.place(one)),
    ...defined({ share, via: path.via?.ip, port: path.port }),
    ...(path.notProved && path.notProved.length > 0 && { notProved: path.notProved }),
  };
}

function frontendEntry(
  view: FrontendView,
  row: Pick<FrontendRow, 'primarySince' | 'halted'> | undefined,
  vmAt: ReadonlyMap<IdKey, number>,
): FrontendEntry {
  const primary = view.primaryKey === undefined ? undefined : vmAt.get(view.primaryKey);
  const since = row?.primarySince;
  return {
    id: view.id,
    name: shortName(view.id),
    vip: view.vip,
    loadBalancer: shortName(parentId(view.id) ?? view.loadBalancerId),
    mirror: view.mirror,
    healthKnown: view.healthKnown,
    healthy: view.healthyIds.flatMap((id) => vmAt.get(idKey(id)) ?? []),
    ...defined({
      port: view.port,
      primary,
      primarySince: primary === undefined || !since ? undefined : iso(since),
      healthAt: view.healthAt > 0 ? iso(view.healthAt) : undefined,
      halted: row?.halted && { vm: shortName(row.halted.vmId), run: row.halted.runId, at: iso(row.halted.at) },
    }),
  };
}

function lossEntry(
  { moves, sharing, failing }: Forecast['ifLost'][number],
  vmAt: ReadonlyMap<IdKey, number>,
  frontendAt: ReadonlyMap<IdKey, number>,
): LossEntry {
  // All of them are of the same group: whoever takes over is a member.
  const vm = (id: string): number => vmAt.get(idKey(id)) ?? -1;
  const frontend = (id: string): number => frontendAt.get(idKey(id)) ?? -1;
  const isKnown = (...places: number[]): boolean => places.every((place) => place >= 0);
  return {
    moves: moves.map(({ frontendId, candidates }) => ({
      frontend: frontend(frontendId),
      to: candidates.map(vm).filter((at) => at >= 0),
    })),
    sharing: sharing
      .map(({ vmId, frontendIds }) => ({ vm: vm(vmId), frontends: frontendIds.map(frontend) }))
      .filter((one) => isKnown(one.vm, ...one.frontends)),
    failing: failing
      .map(({ vmId, frontendId }) => ({ vm: vm(vmId), frontend: frontend(frontendId) }))
      .filter((one) => isKnown(one.vm, one.frontend)),
  };
}
