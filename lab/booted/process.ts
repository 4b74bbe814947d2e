/**
 * The lab's main process, in the lab's namespaces: serves cases to the process that started it, and ends with it. Its
 * argument is the address of the module with the list of guests and cases.
 */
import { serve } from '../../simulator/guests/rpc.ts';
import { type CaseResult, tryCase } from '../case.ts';
import { snapshot } from './cases/boot.ts';
import { makeGroups } from './cgroups.ts';
import { makeFabric, placeOf } from './fabric.ts';
import { Guest } from './guest.ts';
import type { Entry } from './guests.ts';
import { Lanes } from './lanes.ts';
import { Machine } from './machine.ts';

/** Guests that are up at a time: they wait more than they work, and more would be in each other's way on two processors. */
const MOST = 4;

/** The guests of the list in this program's argument. */
const { GUESTS }: { GUESTS: Entry[] } = await import(process.argv[2] ?? '');
const places = GUESTS.map(({ spec }, index) => placeOf(spec.name, index + 1));
let lab = '';
let image = '';
/** Guests that were made; they keep their files while they are off. */
const made = new Map<string, Guest>();

async function open(name: string): Promise<Guest> {
  const known = made.get(name);
  if (known) {
    await known.boot();
    return known;
  }
  const { spec } = entryOf(name);
  const place = places.find((it) => it.name === name);
  if (!place) throw new Error(`there is no place for ${name}`);
  const machine = await Machine.make(name, image, makeGroups(lab, name));
  await machine.furnish(spec.files(place.addresses), spec.units);
  const guest = new Guest(spec, place, machine);
  made.set(name, guest);
  await guest.boot();
  // Some managers set a route otherwise when they are restarted than at boot: the last case restarts them too.
  await guest.tell(spec.restart);
  await guest.hasAddresses();
  guest.before = await snapshot(guest);
  return guest;
}

/** A guest in which a case failed. The next case has one that was never used. */
async function discard(name: string): Promise<void> {
  const guest = made.get(name);
  made.delete(name);
  try {
    await guest?.destroy();
  } catch (error) {
    console.error(`${name} is not gone: ${(error as Error).message}`); // the case has its own message
  }
}

const lanes = new Lanes(MOST, { open, close: (guest) => guest.off(), discard });

function entryOf(name: string): Entry {
  const entry = GUESTS.find(({ spec }) => spec.name === name);
  if (!entry) throw new Error(`there is no guest ${name}`);
  return entry;
}

const served = {
  /** `name`: the lab's, as who started it knows it; `folder`: the image. */
  async start(name: string, folder: string): Promise<void> {
    lab = name;
    image = folder;
    await makeFabric(places);
  },
  tryCase(guest: string, name: string): Promise<CaseResult> {
    const { spec, cases } = entryOf(guest);
    const found = cases.find((it) => it.name === name);
    return tryCase({
      name,
      manager: spec.manager,
      run: () =>
        lanes.run(
          guest,
          async (it) => {
            if (!found) throw new Error(`${guest} has no such case`);
            await it.ready();
            return found.run(it);
          },
          ({ ok }) => !ok,
        ),
    });
  },
};

export type LabProcess = typeof served;

process.on('disconnect', () => process.exit());
serve(process, served);
