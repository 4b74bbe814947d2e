/** Which build this is. */
import { readFileSync } from 'node:fs';

/** Version as in package.json, and the commit that was built. */
export interface Build {
  version: string;
  /** Twelve digits, with `+changed` where files differed from it; `unknown` where nobody knows. */
  commit: string;
}

/** Put there by the bundler (build.ts in the root); not there in code that runs as it is. */
declare const HAIRPIN_BUILD: Build | undefined;

/** Of code that runs as it is: the version of its package.json, and no commit. */
function ofSources(): Build {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return { version, commit: 'unknown' };
}

let build: Build | undefined;

/** Which build this is. */
export function thisBuild(): Build {
  build ??= typeof HAIRPIN_BUILD === 'undefined' ? ofSources() : HAIRPIN_BUILD;
  return build;
}
