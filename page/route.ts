/** Where the page is, in its address: what is shown, what is searched, what is chosen. */

export const VIEWS = ['estate', 'findings', 'runs', 'history'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  /** Lower case. */
  q: string;
  /** A VM's name, and the VIP that it connects to. */
  vm?: string;
  vip?: string;
  run?: string;
}

/** Reads an address such as `#/estate?q=hs-a&vm=hs-a&vip=10.0.1.100`. */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const parameters = new URLSearchParams(query);
  const route: Route = {
    view: VIEWS.find((view) => view === path) ?? 'estate',
    q: (parameters.get('q') ?? '').toLowerCase(),
  };
  for (const name of ['vm', 'vip', 'run'] as const) {
    const value = parameters.get(name);
    if (value) route[name] = value;
  }
  return route;
}

/** The address of a route. */
export function hashOf({ view, ...rest }: Partial<Route> & Pick<Route, 'view'>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value) parameters.set(name, value);
  const query = parameters.toString();
  return `#/${view}${query === '' ? '' : `?${query}`}`;
}

/** Goes somewhere. `replace`: without a step in the browser's history. */
export function go(route: Partial<Route> & Pick<Route, 'view'>, replace = false): void {
  const hash = hashOf(route);
  if (location.hash === hash) return;
  if (replace) {
    history.replaceState(null, '', hash);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else location.hash = hash;
}
