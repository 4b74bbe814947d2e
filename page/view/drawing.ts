/**
 * One group drawn in fixed columns: the load balancer with its VIPs, then the members with their NICs. The chosen
 * connection is a line that goes where its packets go, and ends where they end.
 */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { FrontendEntry, GroupView, VmEntry } from '../../shared/views/estateSchema.ts';
import type { TraceWay } from '../../shared/views/trace.ts';
import { count, lossText } from '../words.ts';

const WIDTH = 760;
const VIP = { x: 24, w: 190, h: 48, gap: 14 };
const VM = { x: 386, w: 350, pad: 12, head: 30, nic: 46, gap: 16 };
const NIC = { w: 148, h: 38 };
const PROGRAM = { w: 118, h: 34 };
/** The most members and VIPs that are drawn; how many more there are is said. */
const MOST = 6;

interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}
interface Point {
  x: number;
  y: number;
}

interface Props {
  group: GroupView;
  vm: VmEntry;
  frontend: FrontendEntry;
  /** The way that is drawn; none: the app told none. */
  way: TraceWay | undefined;
}

/** Whom the drawing shows: the member, who answers, the primary, then the others. */
function cast({ group, vm, frontend, way }: Props) {
  const at = group.frontends.indexOf(frontend);
  const members = group.vms.filter(({ paths }) => paths.some((path) => path.frontend === at));
  const weight = (one: VmEntry): number =>
    Number(one === vm) * 4 + Number(one.name === way?.target) * 2 + Number(group.vms.indexOf(one) === frontend.primary);
  const chosen = members.toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST);
  const others = group.frontends.filter((one, i) => one !== frontend && vm.paths.some((path) => path.frontend === i));
  const vips = [frontend, ...others.slice(0, MOST - 1)].toSorted(
    (a, b) => group.frontends.indexOf(a) - group.frontends.indexOf(b),
  );
  return { members: chosen, more: members.length - chosen.length, vips, moreVips: others.length + 1 - vips.length };
}

export function Drawing(props: Props) {
  const { group, vm, frontend, way } = props;
  const [lost, setLost] = useState<VmEntry | undefined>(undefined);
  const { members, more, vips, moreVips } = cast(props);
  let y = 34;
  const vmBoxes = new Map<VmEntry, Box>();
  const nicBoxes = new Map<string, Box>();
  for (const member of members) {
    const h = VM.head + Math.max(1, member.nics.length) * VM.nic + VM.pad - 4;
    vmBoxes.set(member, { x: VM.x, y, w: VM.w, h });
    member.nics.forEach((nic, i) => {
      const box = { x: VM.x - 34, y: y + VM.head + i * VM.nic, w: NIC.w, h: NIC.h };
      for (const address of nic.addresses) nicBoxes.set(`${member.name} ${address}`, box);
    });
    y += h + VM.gap;
  }
  const right = y;
  const total = vips.length * (VIP.h + VIP.gap);
  let vy = Math.max(62, (right - total) / 2 + 10);
  const vipBoxes = new Map<FrontendEntry, Box>();
  for (const vip of vips) {
    vipBoxes.set(vip, { x: VIP.x, y: vy, w: VIP.w, h: VIP.h });
    vy += VIP.h + VIP.gap;
  }
  const height = Math.max(right, vy + 12) + 6;
  const rows = rowsOf(props);
  const lines = way && waysOf(way, { group, vm, frontend, rows, vmBoxes, nicBoxes, vipBoxes });
  const loss = lost && lossText(group, lost);
  const outcome = way?.outcome === 'works' ? 'reaches it' : 'does not reach it';
  const label = `${frontend.loadBalancer} with ${frontend.vip}, and its members. ${
    way
      ? `A connection from ${vm.name} ${outcome}${way.target === undefined ? '' : `, answered by ${way.target}`}; the steps are below.`
      : ''
  }`;
  return html`<div class="draw" tabindex="0" role="group" aria-label="Drawing, scrolls sideways"><svg viewBox=${`0 0 ${WIDTH} ${height}`} role="group" aria-label=${label}>
    <defs>${(['works', 'fails'] as const).map(
      (name) =>
        html`<marker id=${`tip-${name}`} viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path class=${`tip-${name}`} d="M0 0l8 4-8 4z" /></marker>`,
    )}</defs>
    <rect class="lb" x="8" y="20" width=${VIP.w + 32} height=${height - 30} rx="10" />
    <text class="n" x="24" y="44">${frontend.loadBalancer}</text>
    ${vips.map((vip) => {
      const box = vipBoxes.get(vip) as Box;
      return html`<g class=${vip === frontend ? 'on' : 'dim'}><rect class="vip" ...${rect(box)} rx="7" /><text class="n" x=${box.x + 12} y=${box.y + 20}>${clip(vip.name, 24)}</text><text class="s" x=${box.x + 12} y=${box.y + 37}>${vip.vip}${vip.port === undefined ? '' : `:${vip.port}`}</text></g>`;
    })}
    ${members.map((member) => {
      const box = vmBoxes.get(member) as Box;
      const serves = group.frontends.filter(({ primary }) => primary === group.vms.indexOf(member));
      const show = () => setLost(member);
      const hide = () => setLost(undefined);
      return html`<g class=${`vm${member === vm ? ' from' : ''}${member === lost ? ' lost' : ''}`} tabindex="0" role="group" aria-label=${`If ${member.name} is lost: ${Object.values(lossText(group, member)).join(' ')}`}
        onMouseEnter=${show} onMouseLeave=${hide} onFocus=${show} onBlur=${hide} onClick=${show}>
        <rect class="frame" ...${rect(box)} rx="9" />
        <text class="n" x=${box.x + 14} y=${box.y + 20}>${clip(member.name, 30)}</text>
        <text class="s" x=${box.x + box.w - 12} y=${box.y + 20} text-anchor="end">${member.os}, ${member.power}</text>
        ${member.nics.map((nic, i) => {
          const at = { x: VM.x - 34, y: box.y + VM.head + i * VM.nic, w: NIC.w, h: NIC.h };
          return html`<g><rect class=${`nic ${nic.role}`} ...${rect(at)} rx="6" /><text x=${at.x + 10} y=${at.y + 16}>${nic.addresses[0] ?? 'no address'}</text><text class="s" x=${at.x + 10} y=${at.y + 31}>${{ pool: 'in the pool', via: 'via address', other: 'not used' }[nic.role]}</text></g>`;
        })}
        ${programs(member, box, { vm, way, serves, frontend, rows })}
      </g>`;
    })}
    ${lines}
  </svg></div>
  <p class="says" aria-live="polite">${
    lost && loss
      ? html`<b>If ${lost.name} is lost:</b> ${loss.text} <b class="w">${loss.fails}</b>`
      : html`<span class="soft">Point at a VM to see what comes of its loss.${more > 0 ? ` ${count(more, 'more member is', 'more members are')} not drawn.` : ''}${moreVips > 0 ? ` ${count(moreVips, 'more VIP is', 'more VIPs are')} not drawn.` : ''}</span>`
  }</p>`;
}

/** Where in a VM a program stands: beside a row of its NICs. */
const programAt = ({ x, y, w }: Box, row: number): Box => ({
  x: x + w - PROGRAM.w - 14,
  y: y + VM.head + row * VM.nic + (NIC.h - PROGRAM.h) / 2,
  w: PROGRAM.w,
  h: PROGRAM.h,
});

/** The rows of client and server: each beside the NIC that it uses, and two where both use one. */
interface Rows {
  client: number;
  server: number;
  /** Client and server are one VM with one row. */
  isOne: boolean;
}

function rowsOf({ group, vm, frontend, way }: Props): Rows {
  const index = group.frontends.indexOf(frontend);
  const rowOf = (member: VmEntry | undefined, isVia: boolean): number => {
    const path = member?.paths.find((one) => one.frontend === index);
    const address = isVia ? path?.via : path?.backends[0];
    return Math.max(
      0,
      member?.nics.findIndex(({ addresses }) => address !== undefined && addresses.includes(address)) ?? 0,
    );
  };
  const client = rowOf(vm, way?.steps[0]?.code === 'SENT_VIA');
  const target = group.vms.find(({ name }) => name === way?.target);
  const server = rowOf(target ?? group.vms[frontend.primary ?? -1], false);
  if (target !== vm || client !== server) return { client, server, isOne: false };
  const other = vm.nics.findIndex((_, row) => row !== server);
  return { client: other < 0 ? client : other, server, isOne: other < 0 };
}

interface Cast {
  vm: VmEntry;
  way: TraceWay | undefined;
  serves: FrontendEntry[];
  frontend: FrontendEntry;
  rows: Rows;
}

function programs(member: VmEntry, box: Box, { vm, way, serves, frontend, rows }: Cast) {
  const isServer = way?.target === undefined ? serves.includes(frontend) : way.target === member.name;
  const one = (at: Box, name: ReturnType<typeof clip>, what: string) =>
    html`<g><rect class="box" ...${rect(at)} rx="6" /><text class="m" x=${at.x + at.w / 2} y=${at.y + 15}>${name}</text><text class="s m" x=${at.x + at.w / 2} y=${at.y + 28}>${what}</text></g>`;
  if (member === vm && isServer && rows.isOne)
    return one(programAt(box, rows.client), 'client and server', 'on this VM');
  return html`${member === vm && one(programAt(box, rows.client), 'client', 'connects')}${
    isServer &&
    one(programAt(box, rows.server), clip(frontend.name, 18), way?.target === undefined ? 'primary now' : 'answers')
  }`;
}

interface Places {
  group: GroupView;
  vm: VmEntry;
  frontend: FrontendEntry;
  rows: Rows;
  vmBoxes: ReadonlyMap<VmEntry, Box>;
  nicBoxes: ReadonlyMap<string, Box>;
  vipBoxes: ReadonlyMap<FrontendEntry, Box>;
}

/** The connection and its reply as lines with the numbers of the steps, from the steps that the app told. */
function waysOf(way: TraceWay, { group, vm, frontend, rows, vmBoxes, nicBoxes, vipBoxes }: Places) {
  const from = vmBoxes.get(vm);
  const vip = vipBoxes.get(frontend);
  const target = [...vmBoxes].find(([{ name }]) => name === way.target);
  if (!from || !vip) return null;
  const index = group.frontends.indexOf(frontend);
  const pathOf = (member: VmEntry) => member.paths.find((path) => path.frontend === index);
  const isVia = way.steps[0]?.code === 'SENT_VIA';
  const own = pathOf(vm);
  const source = nicBoxes.get(`${vm.name} ${isVia ? own?.via : own?.backends[0]}`);
  const back = target && nicBoxes.get(`${target[0].name} ${pathOf(target[0])?.backends[0]}`);
  if (!source) return null;
  const client = programAt(from, rows.client);
  const server = target && programAt(target[1], rows.server);
  const isDead = way.outcome === 'fails';
  const left = (box: Box, offset: number): Point => ({ x: box.x, y: box.y + box.h / 2 + offset });
  const right = (box: Box, offset: number): Point => ({ x: box.x + box.w, y: box.y + box.h / 2 + offset });
  // The lines at the VIP stand in the order of the NICs that they lead to: none crosses another.
  const isLower = back !== undefined && source.y > back.y;
  const upper: [number, number] = [-15, -4];
  const lower: [number, number] = [4, 15];
  const vipLane = isLower ? { source: lower, back: upper } : { source: upper, back: lower };
  const there: [Point, Point][] = [];
  const reply: [Point, Point][] = [];
  const dots: { at: Point; n: number; dies: boolean }[] = [];
  let cross: Point | undefined;
  way.steps.forEach(({ code, state }, i) => {
    const dot = (at: Point) => dots.push({ at, n: i + 1, dies: state === 'dies' });
    const draw = (list: [Point, Point][], a: Point, b: Point, part?: number) => {
      list.push([a, b]);
      if (part !== undefined) dot(mid(a, b, part));
    };
    switch (code) {
      case 'SENT_VIA':
      case 'SENT_DEFAULT':
        draw(there, left(client, -7), right(source, -7));
        draw(there, left(source, -8), right(vip, vipLane.source[0]), 0.14);
        break;
      case 'NOT_ANSWERED':
        cross = { x: vip.x + vip.w + 22, y: vip.y + vip.h / 2 + vipLane.source[0] };
        dot({ x: cross.x + 4, y: cross.y - 26 });
        break;
      case 'TRANSLATED':
        if (back)
          draw(there, right(vip, vipLane.back[0]), left(back, back === source ? 8 : -8), back === source ? 0.7 : 0.86);
        break;
      case 'OWN_SOURCE':
        if (back) {
          const stub = right(back, 8);
          cross = { x: stub.x + 26, y: stub.y };
          draw(there, stub, { x: cross.x - 4, y: cross.y });
          dot({ x: cross.x + 24, y: cross.y });
        }
        break;
      case 'ACCEPTED':
        if (back && server) draw(there, right(back, -7), left(server, -7), 0.5);
        break;
      case 'REPLY_BY_LOOPBACK':
        if (server) {
          const isDown = server.y < client.y;
          const x = server.x + server.w / 2;
          const a = { x, y: isDown ? server.y + server.h : server.y };
          cross = { x, y: isDown ? a.y + 7 : a.y - 7 };
          draw(reply, a, cross);
          dot({ x: x + 24, y: cross.y });
        }
        break;
      case 'TRANSLATED_BACK':
        draw(reply, right(vip, vipLane.source[1]), left(source, 8), 0.55);
        draw(reply, right(source, 7), left(client, 7));
        break;
      default:
        // REPLY_BY_WIRE, REPLY_STEERED, REPLY_STRONG_HOST: out by the NIC of the backend address.
        if (back && server) {
          draw(reply, left(server, 7), right(back, 7));
          draw(reply, left(back, 8), right(vip, vipLane.back[1]), 0.42);
        }
    }
  });
  const kind = isDead ? 'fails' : 'works';
  const line = (points: [Point, Point], more: string) =>
    html`<path class=${`way ${kind}${more}`} d=${curve(...points)} marker-end=${`url(#tip-${kind})`} />`;
  return html`<g aria-hidden="true" pointer-events="none">
    ${there.map((points) => line(points, ''))}${reply.map((points) => line(points, ' back'))}
    ${cross && html`<path class="cross" d=${`M${cross.x - 7} ${cross.y - 7}l14 14m0-14l-14 14`} />`}
    ${dots.map(({ at: p, n, dies }) => html`<g><circle class=${`dot ${dies ? 'fails' : kind}`} cx=${p.x} cy=${p.y} r="10" /><text class="n m" x=${p.x} y=${p.y + 4.4}>${n}</text></g>`)}
  </g>`;
}

const rect = ({ x, y, w, h }: Box) => ({ x, y, width: w, height: h });

const mid = (a: Point, b: Point, part: number): Point => {
  // A curve with both handles level goes through here.
  const t = part;
  const bend = 3 * t * t - 2 * t * t * t;
  const hx = (b.x - a.x) / 2;
  return {
    x: a.x * (1 - t) ** 3 + 3 * (a.x + hx) * t * (1 - t) ** 2 + 3 * (b.x - hx) * t * t * (1 - t) + b.x * t ** 3,
    y: a.y + (b.y - a.y) * bend,
  };
};

function curve(a: Point, b: Point): string {
  const hx = (b.x - a.x) / 2;
  return Math.abs(a.y - b.y) < 1 || Math.abs(a.x - b.x) < 1
    ? `M${a.x} ${a.y}L${b.x} ${b.y}`
    : `M${a.x} ${a.y}C${a.x + hx} ${a.y} ${b.x - hx} ${b.y} ${b.x} ${b.y}`;
}

/** A name as far as there is room, and all of it where it is pointed at. */
const clip = (name: string, most: number) =>
  name.length <= most ? name : html`${name.slice(0, most - 1)}…<title>${name}</title>`;
