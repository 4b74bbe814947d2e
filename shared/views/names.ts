/** What a person named, found in the estate. */
import { InputError } from '../errors.ts';
import { type IdKey, idKey, sameId, shortName } from '../model/ids.ts';
import type { Evaluation } from '../model/path.ts';

/** The key of the member that a person named, by name or id. Throws InputError for none, and for a name of several. */
export function memberNamed(option: string, name: string, { pathsOfVm }: Evaluation): IdKey {
  const ids = [...pathsOfVm.values()].flatMap(([path]) => path?.vmId ?? []);
  const found = ids.filter((id) => sameId(id, name) || shortName(id).toLowerCase() === name.toLowerCase());
  const [only, other] = found;
  if (only !== undefined && other === undefined) return idKey(only);
  if (other !== undefined) {
    throw new InputError(
      'INPUT_INVALID',
      option,
      name,
      'several VMs have that name',
      `Give the id: ${found.join(' or ')}.`,
    );
  }
  const some = ids.map(shortName).slice(0, 10).join(', ');
  const hint = some === '' ? 'There is no member of any frontend.' : `Among those that there are: ${some}.`;
  throw new InputError(
    'NOT_FOUND',
    option,
    name,
    'no member of a frontend that is looked at has that name or id',
    hint,
  );
}

/** The key of the frontend of a member that a person named, by VIP, name or id. Throws InputError for none, and for several. */
export function frontendNamed(option: string, name: string, vm: IdKey, { pathsOfVm }: Evaluation): IdKey {
  const paths = pathsOfVm.get(vm) ?? [];
  const found = paths.filter(
    ({ vip, frontendId }) =>
      vip === name || sameId(frontendId, name) || shortName(frontendId).toLowerCase() === name.toLowerCase(),
  );
  const [only, other] = found;
  if (only && !other) return only.frontendKey;
  if (other) {
    const ids = found.map(({ frontendId }) => frontendId).join(' or ');
    throw new InputError('INPUT_INVALID', option, name, 'several frontends have that name', `Give the id: ${ids}.`);
  }
  const some = paths.slice(0, 10).map(({ vip, frontendId }) => `${vip} (${shortName(frontendId)})`);
  throw new InputError(
    'NOT_FOUND',
    option,
    name,
    'the VM is no member of such a frontend, and what it sends there never comes back to it',
    `It is a member of: ${some.join(', ')}.`,
  );
}
