/**
 * Reads what stands around the VMs of an assessment: by lists of the subscriptions that have to do with it, and the agent
 * of each VM that a command could be sent to. What cannot be read is told, and all else goes on.
 */
import { type AzureError, asAzureError } from '../errors.ts';
import { around } from '../evaluate/around.ts';
import type { NicIp, TopologyIndex } from '../evaluate/indexTopology.ts';
import type { Survey } from '../evaluate/survey.ts';
import { inBatches } from '../model/batches.ts';
import { LEFT_OUT, type Progress, type Surrounding, type Unread } from '../model/estateReading.ts';
import { type IdKey, idKey } from '../model/ids.ts';
import type { AgentReader, ListAnswer, SurroundingsReader } from '../model/ports.ts';
import { subscriptionOf } from '../model/scope.ts';
import { type AgentView, NO_SURROUNDINGS, SURROUNDING_ACTIONS, type Surroundings } from '../model/surroundings.ts';
import type { Topology } from '../model/topology.ts';

export interface SurroundingsPorts {
  surroundings: SurroundingsReader;
  agents: AgentReader;
}

/** Lists and agents that are asked for at a time. */
const WIDTH = { lists: 8, agents: 8 } as const;
/** The most VMs whose agent is asked for. */
const MOST_AGENTS = 200;

export interface ReadSurroundings {
  read: Surroundings;
  unread: Unread[];
  notes: Topology['notes'];
}

/** Reads them. With `isWanted` false nothing is asked, and a row says so. Never throws for what Azure answers. */
export async function readSurroundings(
  ports: SurroundingsPorts,
  survey: Survey,
  index: TopologyIndex,
  isWanted: boolean,
  progress: Progress,
): Promise<ReadSurroundings> {
  if (survey.ways.length === 0) return { read: NO_SURROUNDINGS, unread: [], notes: [] };
  if (!isWanted) return { read: NO_SURROUNDINGS, unread: leftOut(survey), notes: [] };
  const places = placesOf(survey, index);
  const read = new Reading(ports, progress);
  await read.lists(survey, places);
  await read.agents(survey);
  read.tellUnseen(places);
  return read.result();
}

/** Ip configurations that a packet of a path leaves from or arrives at. */
function placesOf({ ways, frontends }: Survey, index: TopologyIndex): NicIp[] {
  const places = new Map<IdKey, NicIp>();
  for (const { members } of frontends) {
    for (const { ips } of members) for (const place of ips) places.set(idKey(place.ip.id), place);
  }
  for (const { vmKey, via } of ways) {
    for (const on of index.nicsOf(vmKey)) {
      for (const ip of on.nic.ipConfigurations) {
        if (via && ip.address === via.ip) places.set(idKey(ip.id), { ip, on });
      }
    }
  }
  return [...places.values()];
}

const subscriptionsIn = (ids: readonly (string | undefined)[]): string[] => [
  ...new Set(ids.flatMap((id) => (id === undefined ? [] : [subscriptionOf(id)])).filter((id) => id !== '')),
];

type Refusals = Map<Surrounding, Set<string>>;

/** One reading: what came, and what did not. */
class Reading {
  readonly #ports: SurroundingsPorts;
  readonly #progress: Progress;
  readonly #read = {
    networks: [],
    securityGroups: [],
    routeTables: [],
    locks: [],
    sizes: [],
    agents: new Map<IdKey, AgentView>(),
  } satisfies Surroundings as Surroundings & { agents: Map<IdKey, AgentView> };
  readonly #unread = new Map<string, Unread>();
  readonly #notes: Topology['notes'] = [];
  /** Subscriptions whose list was refused, by list: nothing more is said of what they lack. */
  readonly #refusals: Refusals = new Map();

  constructor(ports: SurroundingsPorts, progress: Progress) {
    this.#ports = ports;
    this.#progress = progress;
  }

  result(): ReadSurroundings {
    return { read: this.#read, unread: [...this.#unread.values()], notes: this.#notes };
  }

  async lists({ ways, vms, frontends }: Survey, places: readonly NicIp[]): Promise<void> {
    const { surroundings } = this.#ports;
    const inNetworks = subscriptionsIn(places.map(({ ip }) => ip.subnetId));
    // A subnet's group and route table are of its own subscription ("… must exist in the same region and subscription").
    const groups = subscriptionsIn([
      ...inNetworks.map((id) => `/subscriptions/${id}`),
      ...places.map(({ on }) => on.nic.securityGroupId),
    ]);
    const members = frontends.map(({ frontend }) => frontend.loadBalancer.id);
    const locked = subscriptionsIn([...ways.map(({ member }) => member.vmId), ...members]);
    const short = ways.filter(({ findings }) => findings.some(({ code }) => code === 'NO_SECONDARY_NIC'));
    const regions = new Map(
      short.flatMap(({ vmKey }) => {
        const { id, location } = vms.get(vmKey) ?? {};
        const subscription = subscriptionOf(id ?? '');
        return location ? [[`${subscription} ${location.toLowerCase()}`, { subscription, location }] as const] : [];
      }),
    );
    const { networks, securityGroups, routeTables, locks, sizes } = this.#read;
    const work: (() => Promise<void>)[] = [
      ...inNetworks.flatMap((id) => [
        () => this.#take('networks', id, surroundings.networks(id), networks),
        () => this.#take('routeTables', id, surroundings.routeTables(id), routeTables),
      ]),
      ...groups.map((id) => () => this.#take('securityGroups', id, surroundings.securityGroups(id), securityGroups)),
      ...locked.map((id) => () => this.#take('locks', id, surroundings.locks(id), locks)),
      ...[...regions.values()].map(
        ({ subscription, location }) =>
          () =>
            this.#take('sizes', subscription, surroundings.sizes(subscription, location), sizes),
      ),
    ];
    let done = 0;
    this.#progress('preconditions', 0, work.length);
    await inBatches(work, WIDTH.lists, async (one) => {
      await one();
      done += 1;
      this.#progress('preconditions', done, work.length);
    });
  }

  async #take<T>(what: Surrounding, subscription: string, answer: Promise<ListAnswer<T>>, into: T[]): Promise<void> {
    const { items, notes, refused } = await answer;
    for (const item of items) into.push(item);
    this.#notes.push(...notes);
    if (refused) this.#refuse(what, subscription, refused);
  }

  #refuse(what: Surrounding, subscription: string, error: AzureError): void {
    const refused = this.#refusals.get(what) ?? new Set();
    this.#refusals.set(what, refused.add(subscription));
    const { action, code, message } = error;
    this.#miss({ what, id: `/subscriptions/${subscription}`, action, code, text: message });
  }

  #miss(row: Unread): void {
    this.#unread.set(`${row.what} ${idKey(row.id)} ${row.code}`, row);
  }

  /** The agents of VMs that run and that a command could be sent to. */
  async agents({ waysOfVm, plans, vms }: Survey): Promise<void> {
    const running = [...waysOfVm.keys()].filter((key) => plans.has(key) && vms.get(key)?.power === 'running');
    const action = SURROUNDING_ACTIONS.agents;
    const [first] = running.slice(MOST_AGENTS);
    if (first !== undefined) {
      const id = `/subscriptions/${subscriptionOf(first)}`;
      this.#miss({ what: 'agents', id, action, code: 'NOT_ASKED', text: `only ${MOST_AGENTS} VMs are asked about` });
    }
    await inBatches(running.slice(0, MOST_AGENTS), WIDTH.agents, async (key) => {
      const subscription = subscriptionOf(key);
      // Who may not ask about one may not ask about the next.
      if (this.#refusals.get('agents')?.has(subscription)) return;
      try {
        const agent = await this.#ports.agents.read(vms.get(key)?.id ?? key);
        if (agent) this.#read.agents.set(key, agent);
      } catch (error) {
        this.#refuse('agents', subscription, asAzureError(error, action));
      }
    });
  }

  /** What is referred to and in no list, though the list was read: a person may see a subscription and not all in it. */
  tellUnseen(places: readonly NicIp[]): void {
    const known = around(this.#read);
    for (const place of places) {
      const unseen = known.unseenOf(place);
      for (const what of ['networks', 'securityGroups', 'routeTables'] as const) {
        for (const id of unseen[what]) {
          if (this.#refusals.get(what)?.has(subscriptionOf(id))) continue;
          const text = 'It is named, and Azure lists it to this sign-in in no subscription.';
          this.#miss({ what, id, action: SURROUNDING_ACTIONS[what], code: 'NOT_LISTED', text });
        }
      }
    }
  }
}

/** A row for each list, as it was not asked for. */
function leftOut({ ways }: Survey): Unread[] {
  const [id = ''] = subscriptionsIn(ways.map(({ member }) => member.vmId));
  return [
    {
      what: 'securityGroups',
      id: `/subscriptions/${id}`,
      action: SURROUNDING_ACTIONS.securityGroups,
      code: 'NOT_ASKED',
      text: LEFT_OUT,
    },
  ];
}
