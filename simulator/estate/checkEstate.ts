/** Finds what does not hold together in an estate: names that lead nowhere, names and addresses used twice. */
import type { Estate, EstateLoadBalancer, EstateVm } from './estate.ts';

/** One sentence per mistake, empty for a sound estate. */
export function checkEstate(estate: Estate): string[] {
  return [
    ...twice(
      'VM',
      estate.vms.map((vm) => vm.name),
    ),
    ...twice(
      'NIC',
      estate.vms.flatMap((vm) => vm.nics.map((nic) => nic.name)),
    ),
    ...twice(
      'MAC',
      estate.vms.flatMap((vm) => vm.nics.map((nic) => nic.mac.toUpperCase())),
    ),
    ...twice(
      'load balancer',
      estate.loadBalancers.map((lb) => lb.name),
    ),
    ...twice(
      'mirror',
      estate.mirrors.map((mirror) => mirror.name),
    ),
    ...twice('address', addresses(estate)),
    ...estate.vms.filter((vm) => vm.nics.length === 0).map((vm) => `VM ${vm.name} has no NIC`),
    ...estate.loadBalancers.flatMap((lb) => checkLoadBalancer(estate, lb)),
    ...estate.mirrors.flatMap((mirror) => checkMirror(estate, mirror)),
  ];
}

/** The same estate; throws with all mistakes when there are any. */
export function soundEstate(estate: Estate): Estate {
  const mistakes = checkEstate(estate);
  if (mistakes.length > 0) throw new Error(`The estate does not hold together: ${mistakes.join('; ')}`);
  return estate;
}

function addresses(estate: Estate): string[] {
  const own = estate.vms.flatMap((vm) => vm.nics.flatMap((nic) => nic.ips.map((ip) => ip.address)));
  return [...own, ...estate.loadBalancers.flatMap((lb) => lb.frontends.map((frontend) => frontend.address))];
}

/** The names under which a VM's addresses can be pool members. */
const membersOf = (vm: EstateVm): string[] =>
  vm.nics.flatMap((nic) => nic.ips.map((ip) => `${vm.name}/${nic.name}/${ip.name}`));

function twice(what: string, names: string[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set(names.filter((name) => seen.size === seen.add(name).size));
  return [...repeated].map((name) => `${what} ${name} is there more than once`);
}

function checkLoadBalancer(estate: Estate, lb: EstateLoadBalancer): string[] {
  const mistakes: string[] = [];
  const known = new Set(estate.vms.flatMap(membersOf));
  const names = (list: { name: string }[]): Set<string> => new Set(list.map((item) => item.name));
  const [frontends, pools, probes] = [names(lb.frontends), names(lb.pools), names(lb.probes)];
  for (const rule of lb.rules) {
    const where = `rule ${lb.name}/${rule.name}`;
    if (!frontends.has(rule.frontend)) mistakes.push(`${where} names frontend ${rule.frontend}, which is not there`);
    if (!pools.has(rule.pool)) mistakes.push(`${where} names pool ${rule.pool}, which is not there`);
    if (rule.probe !== undefined && !probes.has(rule.probe)) {
      mistakes.push(`${where} names probe ${rule.probe}, which is not there`);
    }
  }
  for (const pool of lb.pools) {
    for (const member of pool.members) {
      if (!known.has(member)) mistakes.push(`pool ${lb.name}/${pool.name} names member ${member}, which is not there`);
    }
  }
  return mistakes;
}

function checkMirror(estate: Estate, mirror: Estate['mirrors'][number]): string[] {
  const mistakes: string[] = [];
  const lb = estate.loadBalancers.find((candidate) => candidate.name === mirror.loadBalancer);
  if (!lb) mistakes.push(`mirror ${mirror.name} names load balancer ${mirror.loadBalancer}, which is not there`);
  else if (!lb.frontends.some((frontend) => frontend.name === mirror.frontend)) {
    mistakes.push(`mirror ${mirror.name} names frontend ${mirror.frontend}, which is not there`);
  }
  for (const member of mirror.members) {
    if (!estate.vms.some((vm) => vm.name === member)) {
      mistakes.push(`mirror ${mirror.name} names member ${member}, which is not there`);
    }
  }
  if (mirror.primary !== undefined && !mirror.members.includes(mirror.primary)) {
    mistakes.push(`mirror ${mirror.name} names primary ${mirror.primary}, which is no member`);
  }
  return mistakes;
}
