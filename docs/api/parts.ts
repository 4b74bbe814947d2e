/** What several documents have parts of: codes, times, ids, and what stands over documents about the estate. */
import * as z from 'zod';
import type { EstateHead } from '../../shared/views/estateHead.ts';
import type { CodeView } from '../../shared/views/run.ts';
import { exactly } from './exactly.ts';

/** A time as all documents write it. */
export const time = (what: string) => z.iso.datetime({ precision: 3 }).describe(what);
export const count = (what: string) => z.int().min(0).describe(what);
export const text = (what: string) => z.string().describe(what);

export const code = exactly<CodeView>()(
  z.object({ code: text('For programs. It stays the same over versions.'), text: text('For people.') }),
).meta({ id: 'Code', description: 'A code for programs, and what it says for people.' });

export const exposure = z
  .enum(['active', 'latent', 'none'])
  .describe(
    'active: connects of the VM to the VIP come back to it now. latent: they would after a failover. none: a person holds it down.',
  );
export const verdict = z
  .enum(['compliant', 'repairable', 'blocked', 'unknown'])
  .describe(
    'compliant: set as planned, and a connect succeeded. repairable: the program can mend it. blocked: a person must act. unknown: not looked at, or nobody to connect to.',
  );
export const proofKind = z
  .enum(['self', 'remote', 'none'])
  .describe('self: a connect came back to this VM and worked. remote: it reached another VM. none: never proved.');
export const notProved = z
  .array(z.string())
  .describe('Own addresses and ports that are set like the others and that no connect was seen to come back to.');

export const headOf = {
  asOf: time('When what the app keeps was read.'),
  listedAt: time(
    'When the lists of Azure were read: a minute before at the most, longer in estates whose lists take long.',
  ),
  unread: z
    .array(
      z.object({
        id: text('The subscription.'),
        code: text('Why, as a code.'),
        action: text('The right that it takes.'),
        text: text('Why, in Azure’s words.'),
      }),
    )
    .describe('Subscriptions whose lists could not be read: of what lies there nothing is said.'),
  unreadable: z
    .array(code)
    .describe('Rows that cannot be read, and why; not there when there are none.')
    .exactOptional(),
};
exactly<EstateHead>()(z.object(headOf));
