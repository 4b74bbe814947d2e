/** Whatever ends a run, and whichever of its steps fails, the guest keeps a `lookup local`, and the next run mends the rest. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderScript } from '../../shared/guest/render.ts';
import type { GuestPlan } from '../../shared/model/guest.ts';
import type { KernelLab } from '../../simulator/guests/kernel/lab.ts';
import type { LabCase } from '../case.ts';
import { commandFor, connectTo, filesOf, guard, NICS, planOf, put, shell, snapshot } from '../guests.ts';
import { freshLab } from '../labs.ts';
import { prove } from './recover.ts';
import { articleLab, VM } from './watcher.ts';

/** Without ports: no connects, so that a run is short. */
const plan = { frontends: planOf(VM).map(({ vip, backends, via }) => ({ vip, backends, via })) };
/** The same with containers that answer: another rule for the local table. */
const containersPlan = { containers: '172.17.0.0/16', ...plan };

/**
 * What comes in finds the local table: a rule leads there whose condition, if it has one, is of what this machine or its
 * containers send.
 */
const HAS_LOCAL = `has_local() { grep -qE '^[0-9]+:\\s(from all|not from [0-9.]+ to [0-9.]+ iif lo|not from 172.17.0.0/16 to [0-9.]+( iif lo)?) lookup local( |$)' <<<"\${1-$(ip rule)}"; }`;

async function labWithScripts(of: GuestPlan): Promise<KernelLab> {
  const lab = await freshLab(articleLab);
  for (const mode of ['apply', 'remove'] as const)
    await put(lab, VM, `/tmp/${mode}.sh`, renderScript('linux', commandFor(mode, of)));
  return lab;
}

/** Connects from another machine, as a person's session would, until told to stop. */
function outsiders(lab: KernelLab): () => Promise<string> {
  let stopped = false;
  let failed = 0;
  let all = 0;
  const going = (async () => {
    while (!stopped) {
      all += 1;
      const { outcome } = await connectTo(lab, 'vm-b', NICS[VM].backend.ip, { timeoutMs: 3000 });
      if (outcome !== 'ok') failed += 1;
      await sleep(100);
    }
  })();
  return async () => {
    stopped = true;
    await going;
    assert.deepEqual([failed, all > 20], [0, true], `${failed} of ${all} connects from another machine failed`);
    return `${all} of ${all} connects from another machine worked meanwhile`;
  };
}

const randomKills =
  (of: GuestPlan): LabCase['run'] =>
  async () => {
    const lab = await labWithScripts(of);
    const asBooted = await snapshot(lab, VM);
    const stop = outsiders(lab);
    const out = await shell(
      lab,
      VM,
      `set +e; ${HAS_LOCAL}
    ( while :; do has_local && echo yes || echo no; done >/tmp/samples 2>/dev/null ) & sampler=$!
    killed=0 missing=0
    for i in {1..150}; do
      mode=apply; ((i % 2)) || mode=remove
      bash /tmp/$mode.sh >/dev/null 2>&1 & pid=$!
      sleep 0.$(printf %03d $((RANDOM % 120)))
      kill -KILL $pid 2>/dev/null && ((killed++))
      wait $pid 2>/dev/null
      has_local || ((missing++))
    done
    kill $sampler; wait $sampler 2>/dev/null
    echo "killed=$killed missing=$missing yes=$(grep -c yes /tmp/samples) no=$(grep -c no /tmp/samples)"`,
    );
    const outside = await stop();
    const [, killed = 0, missing, yes = 0, no] = (/killed=(\d+) missing=(\d+) yes=(\d+) no=(\d+)/.exec(out) ?? []).map(
      Number,
    );
    assert(killed > 50, 'most runs are killed on their way');
    assert.deepEqual([missing, no], [0, 0], 'a `lookup local` was missing');
    assert(yes > 200);
    const began = Date.now();
    const { report } = await guard(lab, VM, 'apply', planOf(VM));
    const recoveredMs = Date.now() - began;
    assert.deepEqual(
      report.paths.map((path) => path.after),
      [[], []],
    );
    const proof = await prove(lab);
    await guard(lab, VM, 'remove', plan);
    assert.equal(await snapshot(lab, VM), asBooted);
    const left = `${await filesOf(lab, VM)}${await shell(lab, VM, 'ls -A /run/ilb-hairpin-guard')}`;
    assert.equal(left, '/run/ilb-hairpin-guard\n', 'a lock, the work folder or a file half written is left');
    const detail = `${killed} killed, lookup local in ${yes} of ${yes} looks; ${outside}; after one apply ${proof}`;
    return { ok: true, recoveredMs, detail };
  };

/** How one call of ip goes wrong. $1... are its words; the machine's own is `$real`. */
const FAULTS = {
  'is refused': 'echo "RTNETLINK answers: Operation not permitted" >&2; cat >/dev/null; exit 2',
  'is done and yet reported as failed': '"$real" "$@"; exit 2',
  'is not done and yet reported as done': 'case " $* " in *-batch*) cat >/dev/null ;; esac; exit 0',
};

const eachCall =
  (fault: string, of: GuestPlan): LabCase['run'] =>
  async () => {
    const lab = await labWithScripts(of);
    const asBooted = await snapshot(lab, VM);
    const real = (await shell(lab, VM, 'type -P ip')).trim();
    await put(
      lab,
      VM,
      '/usr/local/sbin/ip',
      `#!/bin/bash\nreal=${real}\nif [[ -e /tmp/bad ]]; then n=$(($(cat /tmp/count) + 1)); echo $n >/tmp/count; if ((n == $(cat /tmp/bad))); then [[ " $* " == *-batch* ]] || exec </dev/null; ${fault}; fi; fi\nexec "$real" "$@"\n`,
    );
    const stop = outsiders(lab);
    // One shell in the guest for all turns: what it prints is a line for each thing that should not be.
    const out = await shell(
      lab,
      VM,
      `set +e; ${HAS_LOCAL}
      turns=0
      bash /tmp/apply.sh >/dev/null 2>&1; right=$(ip rule | sort); bash /tmp/remove.sh >/dev/null 2>&1
      for mode in apply remove; do
        for ((bad = 1; bad < 99; bad++)); do
          rm -f /tmp/bad
          [[ $mode == apply ]] || bash /tmp/apply.sh >/dev/null 2>&1
          echo 0 >/tmp/count; echo $bad >/tmp/bad
          bash /tmp/$mode.sh >/tmp/out 2>/tmp/err; code=$?
          used=$(cat /tmp/count)
          rm -f /tmp/bad
          ((used >= bad)) || break
          ((turns++))
          rules=$(${real} rule)
          has_local "$rules" || echo "$mode $bad: no local"
          tail -1 /tmp/out | grep -q '^ILB-HAIRPIN-GUARD .*}$' || echo "$mode $bad: no report"
          if ((code == 0)) && [[ $mode == apply && $(${real} route show table 7201 | grep -c via) != 2 ]]; then echo "$mode $bad: said well, is not"; fi
          bash /tmp/apply.sh >/tmp/out 2>&1 || echo "$mode $bad: not mended: $(tail -1 /tmp/out)"
          [[ $(${real} rule | sort) == "$right" ]] || echo "$mode $bad: not as planned: $(${real} rule)"
          bash /tmp/remove.sh >/tmp/out 2>&1 || echo "$mode $bad: not removed: $(tail -1 /tmp/out)"
        done
      done
      echo turns=$turns`,
    );
    const outside = await stop();
    const turns = Number(/^turns=(\d+)\n$/.exec(out)?.[1]);
    assert(turns > 40, out);
    await shell(lab, VM, 'rm /usr/local/sbin/ip');
    assert.equal(await snapshot(lab, VM), asBooted);
    await guard(lab, VM, 'apply', planOf(VM));
    return { ok: true, detail: `${turns} calls, each mended by the next run; ${outside}; ${await prove(lab)}` };
  };

export const killCases = (): LabCase[] => [
  { name: 'killed at 150 random moments', manager: 'none', run: randomKills(plan) },
  { name: 'killed at 150 random moments, with containers', manager: 'none', run: randomKills(containersPlan) },
  ...Object.entries(FAULTS).map(
    ([how, fault]): LabCase => ({
      name: `each call of ip in turn ${how}`,
      manager: 'none',
      run: eachCall(fault, plan),
    }),
  ),
  {
    name: 'each call of ip in turn is refused, with containers',
    manager: 'none',
    run: eachCall(FAULTS['is refused'], containersPlan),
  },
];
