/**
 * Worlds in which the program must not call a path compliant. `npm start -- --once --sabotage NAME` plays the story
 * in one of them and must fail; the tests play each.
 */
import { MARKER } from '../../shared/guest/wire.ts';
import type { Estate } from '../estate/estate.ts';
import type { GuestLab, LabLies } from '../guests/lab.ts';
import { wrapLab } from '../guests/wrap.ts';

/** Text that ends the plan's part of the Linux script; what follows is run as it is. */
const END_OF_PLAN = '# --- end of plan ---\n';

/** A line of `ip -batch` that changes nothing and says nothing: the lines that follow keep their numbers. */
const NOTHING = 'addr show dev lo to 203.0.113.1';

/**
 * A kernel that takes the rule to the reply's table and keeps it nowhere, yet lists it.
 * Without that rule the reply goes back through lo untranslated (microsoft/Azure-ILB-hairpin#3).
 */
const NO_REPLY_RULE = `
ip() {
  local forgotten=/run/hairpin-forgotten lines IFS=' '
  if [[ " $* " == *' -batch '* ]]; then
    lines=$(cat)
    sed -n 's/^rule add pref \\([0-9]*\\) lookup 7202 protocol 201$/\\1:\\tfrom all lookup 7202 proto 201/p' <<<"$lines" >>$forgotten
    sed 's/^rule add pref [0-9]* lookup 7202 .*$/${NOTHING}/' <<<"$lines" | command ip "$@"
    return
  fi
  [[ " $* " != *' rule show '* ]] || cat $forgotten 2>/dev/null
  command ip "$@"
}
`;

/** A kernel that takes the VIP routes and keeps none: while the primary is elsewhere every connect works all the same. */
const NO_ROUTE = `
ip() {
  local IFS=' '
  if [[ " $* " == *' -batch '* ]]; then
    sed 's/^route replace .* table 7201$/${NOTHING}/' | command ip "$@"
    return
  fi
  command ip "$@"
}
`;

/** What is wrong with the world, by name. */
export const SABOTAGES = {
  'no-reply-rule': 'the rule that steers the reply is left out, and the guest lists it all the same',
  'no-route': 'the VIP routes are left out',
  'no-translation': 'the load balancer translates nothing',
  'fixed-report': 'the guest answers every command with the same fine report',
  'lying-probe': 'rule health goes on naming the old primary',
} as const;

export type Sabotage = keyof typeof SABOTAGES;

/** True for a name of {@link SABOTAGES}. */
export const isSabotage = (name: string): name is Sabotage => Object.hasOwn(SABOTAGES, name);

/** The lab, broken in one way. */
export function sabotaged(lab: GuestLab, sabotage: Sabotage): GuestLab {
  switch (sabotage) {
    case 'no-reply-rule':
      return withScript(lab, (script) => script.replace(END_OF_PLAN, END_OF_PLAN + NO_REPLY_RULE));
    case 'no-route':
      return withScript(lab, (script) => script.replace(END_OF_PLAN, END_OF_PLAN + NO_ROUTE));
    case 'fixed-report':
      return wrapLab(lab, {
        runScript: async (_vm, script) => ({ exitCode: 0, timedOut: false, stderr: '', stdout: fixedReport(script) }),
      });
    case 'no-translation':
      return lyingOnceRepaired(lab, { noTranslation: true });
    case 'lying-probe':
      return lab; // the story's failover is where it lies: see liesInFailover
  }
}

/** What the story tells the lab just before a failover, for the sabotage that strikes there. */
export function liesInFailover(sabotage: Sabotage | undefined, estate: Estate, oldPrimary: string): LabLies {
  if (sabotage !== 'lying-probe') return {};
  const members = estate.loadBalancers.flatMap((balancer) => balancer.pools.flatMap((pool) => pool.members));
  const member = members.find((name) => name.startsWith(`${oldPrimary}/`));
  return member === undefined ? {} : { probeSays: member };
}

const withScript = (lab: GuestLab, change: (script: string) => string): GuestLab =>
  wrapLab(lab, {
    runScript: async (vm, script, ...more) => {
      const changed = change(script);
      if (changed === script) throw new Error('the script has no place to break it at');
      return lab.runScript(vm, changed, ...more);
    },
  });

const lyingOnceRepaired = (lab: GuestLab, lies: LabLies): GuestLab =>
  wrapLab(lab, {
    runScript: async (...args) => {
      await lab.lie(lies);
      return lab.runScript(...args);
    },
  });

/** Says of every VIP of the plan what one would like to hear, under a command id that was never sent. */
function fixedReport(script: string): string {
  const vips = /^VIP=\((.*)\)$/m.exec(script)?.[1]?.split(' ') ?? [];
  const paths = vips.map((_, i) => `${i};;;o1;o1;s;`);
  return `${MARKER} ${'0'.repeat(32)} ${JSON.stringify({ v: 1, os: 'linux', mode: 'apply', chg: 0, p: paths, w: [] })}\n`;
}
