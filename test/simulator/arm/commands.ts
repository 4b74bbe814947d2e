/** Run Commands of the article's estate by hand, for tests. */
import type { Arm } from '../../../simulator/arm/arm.ts';
import type { InstanceView } from '../../../simulator/arm/guestHandler.ts';
import { articleEstate } from '../../../simulator/estate/articleEstate.ts';
import { vmId } from '../../../simulator/estate/ids.ts';
import { until } from '../../../simulator/until.ts';
import { rest } from './rest.ts';

export const ESTATE = articleEstate();

/** The path of a VM's command. */
export const at = (vm: string, name = 'c'): string => `${vmId(ESTATE, vm)}/runCommands/${name}`;

/** The instance view of a command. */
export const look = async (arm: Arm, path: string): Promise<InstanceView | undefined> =>
  (await rest(arm, 'GET', `${path}?$expand=instanceView`)).body.properties?.instanceView;

/** Waits until the execution that shows ended, and started after another one where that is given. */
export const end = (arm: Arm, path: string, after?: string): Promise<InstanceView> =>
  until(`the end of ${path}`, async () => {
    const view = await look(arm, path);
    return view?.endTime !== undefined && view.startTime !== after && view;
  });
