/** The options of `assess`: read, checked, explained. */
import { parseArgs } from 'node:util';
import { InputError, messageOf } from '../shared/errors.ts';
import type { EstateRequest } from '../shared/model/estateReading.ts';
import { isSubscriptionId } from '../shared/model/ids.ts';
import { defined } from '../shared/model/optional.ts';

export type Format = 'text' | 'json' | 'csv';

export interface AssessOptions extends EstateRequest {
  format: Format;
  /** Name or id of the VM whose loss is forecast. */
  ifLost?: string;
  /** A VM, and a VIP or frontend: the connection that is traced. */
  trace?: { from: string; to: string };
  /** Name or id of the VM whose script is wanted, in place of a report. */
  script?: string;
  /** A file that the page is written to, beside the report. */
  html?: string;
  /** No id and no name of the estate in any output. */
  mask: boolean;
}

export const HELP = `Looks at an Azure estate from outside and tells which mirror VIPs cannot be reached from the VMs
that serve them, now or after a failover. It signs in as you are signed in (az login is enough),
deploys nothing, changes nothing and enters no VM.

Usage: ilb-hairpin-guard assess [options]

What to look at
  --subscription ID      a subscription; may be given several times
                         (without it: all that the sign-in sees)
  --resource-group NAME  only paths with the VM or the load balancer in it; several times
  --load-balancer NAME   only this load balancer, by name or id; several times
  --no-health            do not ask rule health who is primary (a POST that reads)
  --no-reports           do not read what earlier Run Commands of this program came to
  --no-preconditions     do not read security groups, route tables, locks, sizes and agents

What to tell
  --from VM --to VIP     also: what becomes of that connection now and after each failover, step by step
  --if-lost VM           also: what the loss of this VM would bring
  --script VM            instead: the exact script for this VM, to run it there by hand, on stdout;
                         how to run and undo it on stderr (with --json: both on stdout)
  --mask                 no id and no name in any output: for a report that is shown to others
                         (private addresses stay)
  --json                 the whole report as JSON
  --html FILE            also: the estate drawn, as a page in one file, for a browser
  --csv                  a line per path as CSV (UTF-8 with BOM, no cell is a formula)
  --help                 this text

Exit codes, which never change
  0  nothing is exposed (with --script: here it is)
  2  something is exposed: connections fail now, or would after a failover
  3  nothing is known to be exposed, and something could not be told
  1  failed: nothing could be read, an option is wrong, or there is no script for the VM

It needs the role Reader, and for rule health the action
Microsoft.Network/loadBalancers/loadBalancingRules/health/action, which Reader lacks: without it the
report says what it cannot tell. AZURE_TOKEN_CREDENTIALS chooses the sign-in, HAIRPIN_ARM_ENDPOINT and
HAIRPIN_ARM_AUDIENCE a sovereign cloud. More: docs/assess.md
`;

/** Names and ids that go into messages and comparisons alone; nothing of them reaches a request unchecked. */
const MOST_CHARACTERS = 1024;

/**
 * Reads the options; undefined when help is asked for. Throws InputError, which names the option and echoes what was
 * given.
 */
export function readOptions(args: readonly string[]): AssessOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const subscriptionIds = values.subscription ?? [];
  for (const id of subscriptionIds) {
    if (!isSubscriptionId(id)) {
      throw wrong('--subscription', id, 'the id of a subscription (a GUID) is expected; az account list shows them');
    }
  }
  const script = name('--script', values.script);
  if (script !== undefined && (values.csv || values.mask || values.html !== undefined)) {
    const made = values.html === undefined ? '--mask' : '--html';
    const other = values.csv ? '--csv' : made;
    throw wrong('--script', script, `it goes with --json alone: ${other} cannot be made of a script`);
  }
  if (values.json && values.csv) throw wrong('--csv', '--json --csv', 'one of the two is expected');
  return {
    subscriptionIds,
    resourceGroups: names('--resource-group', values['resource-group']),
    loadBalancers: names('--load-balancer', values['load-balancer']),
    // A script needs the lists alone.
    health: !values['no-health'] && script === undefined,
    reports: !values['no-reports'] && script === undefined,
    preconditions: !values['no-preconditions'] && script === undefined,
    format: formatOf(values),
    mask: values.mask,
    ...defined({
      ifLost: name('--if-lost', values['if-lost']),
      trace: traceOf(values),
      script,
      html: name('--html', values.html),
    }),
  };
}

const formatOf = ({ json, csv }: { json: boolean; csv: boolean }): Format => {
  if (json) return 'json';
  return csv ? 'csv' : 'text';
};

function traceOf(values: { from?: string | undefined; to?: string | undefined }): AssessOptions['trace'] {
  const from = name('--from', values.from);
  const to = name('--to', values.to);
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined) throw wrong('--from', '', 'the VM that connects is expected, as --to is there');
  if (to === undefined)
    throw wrong('--to', '', 'the VIP or frontend that it connects to is expected, as --from is there');
  return { from, to };
}

const name = (option: string, given: string | undefined): string | undefined =>
  given === undefined ? undefined : names(option, [given])[0];

function names(option: string, given: readonly string[] = []): string[] {
  for (const name of given) {
    if (name.trim() === '' || name.length > MOST_CHARACTERS) throw wrong(option, name, 'a name or id is expected');
  }
  return [...given];
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        subscription: { type: 'string', multiple: true },
        'resource-group': { type: 'string', multiple: true },
        'load-balancer': { type: 'string', multiple: true },
        'no-health': { type: 'boolean', default: false },
        'no-reports': { type: 'boolean', default: false },
        'no-preconditions': { type: 'boolean', default: false },
        'if-lost': { type: 'string' },
        script: { type: 'string' },
        html: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        mask: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        csv: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    // Node's own sentence names the option and what is wrong with it.
    throw new InputError('INPUT_INVALID', 'options', args.join(' '), messageOf(error), SEE_HELP);
  }
}

const SEE_HELP = 'See --help for all options.';

const wrong = (option: string, value: string, expected: string): InputError =>
  new InputError('INPUT_INVALID', option, value, expected, SEE_HELP);
