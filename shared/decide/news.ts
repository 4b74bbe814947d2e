/**
 * What is to be told of paths, runs and Azure: each change once, in the log and, where a topic is set, as an event. What
 * was told is kept in rows beside what waits to be published. Pure.
 * Long: what is told of a path stands beside what ends it.
 */
import { clip } from '../errors.ts';
import { type Finding, findingText, findingVerdict } from '../model/findings.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import { iso } from '../model/iso.ts';
import type { Refusing } from '../model/lease.ts';
import {
  addNews,
  type News,
  type NewsData,
  type NewsKind,
  type NewsRow,
  newNewsRow,
  newsId,
  runFailedNews,
  subscriptionSubject,
  type ToldPath,
} from '../model/news.ts';
import type { Path } from '../model/path.ts';
import type { RunRow } from '../model/rows.ts';
import { subscriptionOf } from '../model/scope.ts';
import { rowKey } from '../model/store.ts';
import { type EstatePass, type Pass, tell } from './pass.ts';

/** What lasts is said again in the log with the first look after so long, milliseconds: each hour with the sweep. */
const SAY_AGAIN_MS = 50 * 60_000;
/** Findings in one event, and characters of one's text. */
const MOST_FINDINGS = 8;
const MOST_TEXT = 600;

/**
 * True for a path whose connections come back to its VM now while nothing shows that they work, and for one that a
 * failover would make so and that is known to be wrong.
 */
function isExposed({ exposure, verdict, proof }: Path): boolean {
  if (exposure === 'active') return verdict !== 'compliant' && !(verdict === 'unknown' && proof.kind !== 'none');
  return exposure === 'latent' && (verdict === 'repairable' || verdict === 'blocked');
}

/** Tells what changed with each path of this subscription's VMs. */
export function tellPaths(pass: EstatePass): void {
  const { subscriptionId, news } = pass.seen;
  if (!news) return;
  if (pass.survey.unread.length === 0) forgetGone(pass);
  for (const [vm, paths] of pass.evaluation.pathsOfVm) {
    const [first] = paths;
    if (!first || subscriptionOf(first.vmId) !== subscriptionId || !isUsable(pass, vm)) continue;
    const known = pass.news.read(vm);
    const next = paths.map((path) => nextOf(pass, path, known));
    if (known && next.every((told, i) => told.path === known.paths[i]) && next.length === known.paths.length) continue;
    const row = pass.news.get(vm) ?? pass.news.add(newNewsRow(first.vmId));
    for (const told of next) for (const say of told.says) say(row);
    row.paths = [...next.map((told) => told.path), ...(pass.survey.unread.length > 0 ? unlisted(row, paths) : [])];
  }
}

/** Paths that are not listed while lists are missing stay as they were told. */
const unlisted = (row: NewsRow, paths: readonly Path[]): ToldPath[] =>
  row.paths.filter((told) => !paths.some((path) => idKey(told.frontendId) === path.frontendKey));

/** What is exposed and not there any more is over. */
function forgetGone(pass: EstatePass): void {
  for (const { subject, paths } of pass.news.readAll()) {
    if (paths.length === 0) continue;
    const key = idKey(subject);
    const listed = new Set((pass.evaluation.pathsOfVm.get(key) ?? []).map((path) => path.frontendKey));
    if (paths.every((told) => listed.has(idKey(told.frontendId)))) continue;
    const row = pass.news.get(key);
    if (!row) continue;
    for (const told of paths) {
      if (!listed.has(idKey(told.frontendId)) && told.exposed) tellOver(pass, subject, told, 'gone');
    }
    row.paths = paths.filter((told) => listed.has(idKey(told.frontendId)));
  }
}

/** What a path is to be told as, and what is to be said for that, once its row may be changed. */
interface Next {
  path: ToldPath;
  says: ((row: NewsRow) => void)[];
}

function nextOf(pass: EstatePass, path: Path, row: Readonly<NewsRow> | undefined): Next {
  const before = row?.paths.find((told) => idKey(told.frontendId) === path.frontendKey);
  const says: Next['says'] = [];
  const told: ToldPath = { frontendId: path.frontendId, vip: path.vip };
  noteExposure(pass, path, before, told, says);
  noteProof(pass, path, before, told, says);
  notePerson(pass, path, before, told, says);
  return before && says.length === 0 && isSame(before, told) ? { path: before, says } : { path: told, says };
}

const isSame = (a: ToldPath, b: ToldPath): boolean =>
  a.vip === b.vip && a.proof === b.proof && a.exposed === b.exposed && a.person === b.person;

type Note = (pass: EstatePass, path: Path, before: ToldPath | undefined, told: ToldPath, says: Next['says']) => void;

const noteExposure: Note = (pass, path, before, told, says) => {
  const { exposure, verdict, findings } = path;
  const known = before?.exposed;
  if (!isExposed(path)) {
    if (known) says.push(() => tellOver(pass, path.vmId, before, whyOver(path)));
    return;
  }
  const isNew = known?.exposure !== exposure;
  if (!isNew && !isOld(known.saidAt, pass.now)) {
    told.exposed = known;
    return;
  }
  const since = known?.since ?? pass.now;
  told.exposed = { since, exposure, saidAt: pass.now };
  says.push((row) => {
    const { vmId, frontendId, vip } = path;
    const codes = findings.map(({ code }) => code);
    tell(pass, 'path-exposed', { vmId, frontendId, vip, exposure, verdict, findings: codes, since: iso(since) });
    if (!isNew || exposure === 'none' || verdict === 'compliant') return;
    publish(pass, row, path, 'PathExposed', { exposure, verdict, findings: said(findings), since: iso(since) });
  });
};

const noteProof: Note = (pass, path, before, told, says) => {
  const { verdict, proof, exposure } = path;
  // What cannot be looked at for now keeps its proof.
  if (verdict === 'unknown' && before?.proof && proof.kind !== 'none') told.proof = before.proof;
  if (verdict !== 'compliant' || proof.kind === 'none') return;
  const { kind } = proof;
  told.proof = kind;
  const isNew = before?.proof === undefined || before.exposed !== undefined;
  if (!isNew && !(kind === 'self' && before.proof === 'remote')) return;
  const since = before?.exposed?.since;
  says.push((row) => {
    const { vmId, frontendId, vip } = path;
    tell(pass, 'path-proved', {
      vmId,
      frontendId,
      vip,
      exposure,
      proof: kind,
      ...(since === undefined ? {} : { lastedMs: pass.now - since }),
    });
    publish(pass, row, path, 'PathProved', {
      exposure,
      proof: kind,
      provedAt: iso(proof.at),
      ...(since === undefined ? {} : { exposedSince: iso(since) }),
    });
  });
};

const notePerson: Note = (pass, path, before, told, says) => {
  if (path.verdict !== 'blocked') return;
  const blocking = path.findings.filter(({ code }) => findingVerdict(code) === 'blocked');
  const codes = [...new Set(blocking.map(({ code }) => code))].sort();
  const known = before?.person;
  const isNew = codes.join() !== known?.codes.join();
  if (known && !isNew && !isOld(known.saidAt, pass.now)) {
    told.person = known;
    return;
  }
  told.person = { codes, saidAt: pass.now };
  says.push((row) => {
    const { vmId, frontendId, vip, exposure } = path;
    const text = clip(blocking.map(findingText).join(' '), MOST_TEXT);
    tell(pass, 'needs-person', { vmId, frontendId, vip, exposure, findings: codes, text });
    if (isNew) publish(pass, row, path, 'PathNeedsPerson', { exposure, findings: said(blocking) });
  });
};

/** Said long ago; in the future: before the clock was set back. */
const isOld = (at: number, now: number): boolean => now - at >= SAY_AGAIN_MS || at > now;

function whyOver({ exposure, verdict }: Path): string {
  if (verdict === 'compliant') return 'compliant';
  return exposure === 'none' ? 'no backend' : verdict;
}

function tellOver(pass: EstatePass, vmId: string, { frontendId, vip, exposed }: ToldPath, why: string): void {
  tell(pass, 'exposure-over', { vmId, frontendId, vip, why, lastedMs: pass.now - (exposed?.since ?? pass.now) });
}

const said = (findings: readonly Finding[]) =>
  findings.slice(0, MOST_FINDINGS).map((item) => ({ code: item.code, text: clip(findingText(item), MOST_TEXT) }));

type OfPath = 'subscriptionId' | 'vmId' | 'frontendId' | 'vip';

function publish<K extends Exclude<NewsKind, 'RunFailed' | 'AzureRefuses'>>(
  pass: Pass,
  row: NewsRow,
  { vmId, vmKey, frontendId, frontendKey, vip }: Path,
  kind: K,
  data: Omit<NewsData<K>, OfPath>,
): void {
  row.facts += 1;
  const whole = { subscriptionId: pass.seen.subscriptionId, vmId, frontendId, vip, ...data } as NewsData<K>;
  const id = newsId(kind, vmKey, frontendKey, String(row.facts));
  wait(pass, row, { id, kind, subject: vmId, at: pass.now, data: whole });
}

/** An event waits for its time, where there is a topic. */
function wait(pass: Pass, row: NewsRow, news: News): void {
  if (!pass.settings.tellsEvents) return;
  const dropped = addNews(row, news);
  if (dropped > 0) tell(pass, 'events-dropped', { subscriptionId: pass.seen.subscriptionId, events: dropped });
}

const isUsable = ({ seen }: Pass, key: IdKey): boolean => !seen.unreadableNews?.has(rowKey(key));

/** The row of the subscription as such, to be changed; undefined where it cannot be used. */
function ownRow(pass: Pass): NewsRow | undefined {
  const subject = subscriptionSubject(pass.seen.subscriptionId);
  if (!pass.seen.news) return undefined;
  const key = idKey(subject);
  if (!isUsable(pass, key)) return undefined;
  return pass.news.get(key) ?? pass.news.add(newNewsRow(subject));
}

/** Tells, to others, that a run failed or VMs in it did. What the log says of it is said elsewhere. */
export function tellRunFailed(pass: Pass, run: RunRow): void {
  if (!pass.settings.tellsEvents) return;
  const row = ownRow(pass);
  if (!row) return;
  const { runId, signal, counts, reason } = run;
  const state = run.state === 'failed' ? ('failed' as const) : ('settled' as const);
  const text = state === 'failed' ? (reason?.text ?? '') : `${counts.failed} of ${counts.vms} VMs failed`;
  const code = state === 'failed' ? (reason?.code ?? '') : '';
  const { subscriptionId } = pass.seen;
  const failedVms = counts.failed;
  wait(
    pass,
    row,
    runFailedNews(pass.now, { subscriptionId, runId, signal, state, failedVms, code, text: clip(text, MOST_TEXT) }),
  );
}

/** Tells, to others, what Azure refuses, each refusal once: when the log first does. */
export function tellRefusals(pass: Pass): void {
  const { refusing = {}, subscriptionId } = pass.seen;
  if (!pass.settings.tellsEvents) return;
  const standing = new Map<string, News>();
  for (const [what, refusal] of [
    ['lists', refusing.lists],
    ['rule health', refusing.health],
  ] as const) {
    if (!refusal || refusal.toldAt === 0) continue;
    const news = refusalNews(pass, subscriptionId, what, refusal);
    standing.set(news.id, news);
  }
  const key = idKey(subscriptionSubject(subscriptionId));
  const known = pass.news.read(key)?.refusals ?? [];
  if (known.length === standing.size && known.every((id) => standing.has(id))) return;
  const row = ownRow(pass);
  if (!row) return;
  for (const [id, news] of standing) if (!known.includes(id)) wait(pass, row, news);
  row.refusals = [...standing.keys()];
}

function refusalNews(pass: Pass, subscriptionId: string, what: 'lists' | 'rule health', refusal: Refusing): News {
  const { code, azureCode, action, text, nextStep, since } = refusal;
  const parts = [subscriptionId, what, code, azureCode, action, String(since)];
  return {
    id: newsId('AzureRefuses', ...parts),
    kind: 'AzureRefuses',
    subject: subscriptionSubject(subscriptionId),
    at: pass.now,
    data: { subscriptionId, what, code, azureCode, action, text, nextStep, since: iso(since) },
  };
}
