/** A part of a survey: what a person asked to look at. */

import type { EstateFilter } from '../model/estateReading.ts';
import { type IdKey, idKey, isWithin, parseResourceId, sameId } from '../model/ids.ts';
import { push } from './lists.ts';
import type { Survey, SurveyedFrontend } from './survey.ts';
import type { Way } from './way.ts';

/**
 * The survey with the frontends of the named load balancers, and of these the paths that have the VM or the load
 * balancer in one of the named resource groups. Members, health and plans stay whole: who is primary and what a VM
 * needs do not depend on what is looked at.
 */
export function narrow(survey: Survey, filter: EstateFilter): Survey {
  if (filter.resourceGroups.length === 0 && filter.loadBalancers.length === 0) return survey;
  const frontends = survey.frontends.flatMap((surveyed): SurveyedFrontend[] => {
    const { id } = surveyed.frontend.loadBalancer;
    if (!isNamed(id, filter.loadBalancers)) return [];
    const ways = surveyed.ways.filter(({ member }) => isIn(id, filter) || isIn(member.vmId, filter));
    return ways.length > 0 ? [{ ...surveyed, ways }] : [];
  });
  const ways = frontends.flatMap((surveyed) => surveyed.ways);
  const waysOfVm = new Map<IdKey, Way[]>();
  for (const way of ways) push(waysOfVm, way.vmKey, way);
  const balancers =
    filter.loadBalancers.length > 0 ? frontends.map(({ frontend }) => frontend.loadBalancer.id) : undefined;
  return {
    ...survey,
    frontends,
    ways,
    waysOfVm,
    waysOfFrontend: new Map(frontends.map((surveyed) => [surveyed.frontend.key, surveyed.ways])),
    listed: survey.listed.filter(
      ({ id }) => isIn(id, filter) && (balancers === undefined || balancers.some((balancer) => isWithin(id, balancer))),
    ),
  };
}

/** The names of a filter that nothing in the estate bears: a misspelt one must not look like an estate without a fault. */
export function unmatched(survey: Survey, balancerIds: readonly string[], filter: EstateFilter): EstateFilter {
  const ids = [...balancerIds, ...[...survey.vms.values()].map(({ id }) => id)];
  const groups = new Set(ids.map((id) => parseResourceId(id)?.resourceGroup.toLowerCase()));
  return {
    resourceGroups: filter.resourceGroups.filter((name) => !groups.has(name.toLowerCase())),
    loadBalancers: filter.loadBalancers.filter((name) => !balancerIds.some((id) => isNamed(id, [name]))),
  };
}

const isNamed = (id: string, names: readonly string[]): boolean =>
  names.length === 0 ||
  names.some((name) => sameId(id, name) || idKey(parseResourceId(id)?.names[0] ?? '') === idKey(name));

const isIn = (id: string, { resourceGroups }: EstateFilter): boolean => {
  if (resourceGroups.length === 0) return true;
  const group = parseResourceId(id)?.resourceGroup.toLowerCase();
  return resourceGroups.some((name) => name.toLowerCase() === group);
};
