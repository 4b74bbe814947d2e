/** Whatever ends a run, and whichever of its steps fails, the guest keeps a `lookup local`, and the next run mends the rest. */
import test from 'ava';
import { renderScript } from '../../../shared/guest/render.ts';
import { startKernelLab } from '../../../simulator/guests/kernel/lab.ts';
import type { GuestLab } from '../../../simulator/guests/lab.ts';
import { KERNEL, testNeeding } from '../../needs.ts';
import { articleEstate } from '../../simulator/guests/estates.ts';
import { commandOf } from '../commands.ts';
import { guard, planOf, shell, snapshot } from './guests.ts';

const kernelTest = testNeeding(KERNEL);
let lab: GuestLab | undefined;
const freshLab = async (): Promise<GuestLab> => {
  if (lab) await lab.reset();
  lab ??= await startKernelLab({ estate: articleEstate() });
  return lab;
};
test.after.always(() => lab?.stop());

/** Without ports: no connects, so that a run is short. */
const plan = planOf('vm-a').map(({ vip, backend, via }) => ({ vip, backend, via }));
const script = (mode: 'apply' | 'remove') =>
  renderScript(
    'linux',
    commandOf({ mode, plan: { frontends: plan }, limits: { connectSeconds: 1, totalSeconds: 30 } }),
  );

/** Puts files into a guest and makes them executable. */
const put = (lab: GuestLab, path: string, text: string) =>
  lab.exec('vm-a', ['/bin/bash', '-c', 'cat >"$1" <<<"$2" && chmod 755 "$1"', 'put', path, text]);

kernelTest('killed at 150 random moments, `lookup local` is always there, and a whole run mends it', async (t) => {
  const lab = await freshLab();
  const asBooted = await snapshot(lab, 'vm-a');
  await put(lab, '/tmp/apply.sh', script('apply'));
  await put(lab, '/tmp/remove.sh', script('remove'));
  const out = await shell(
    lab,
    'vm-a',
    `set +e
    ( while :; do [[ $(ip rule) == *'lookup local'* ]] && echo yes || echo no; done >/tmp/samples 2>/dev/null ) & sampler=$!
    killed=0 missing=0
    for i in {1..150}; do
      mode=apply; ((i % 2)) || mode=remove
      bash /tmp/$mode.sh >/dev/null 2>&1 & pid=$!
      sleep 0.$(printf %03d $((RANDOM % 120)))
      kill -KILL $pid 2>/dev/null && ((killed++))
      wait $pid 2>/dev/null
      [[ $(ip rule) == *'lookup local'* ]] || ((missing++))
    done
    kill $sampler; wait $sampler 2>/dev/null
    echo "killed=$killed missing=$missing yes=$(grep -c yes /tmp/samples) no=$(grep -c no /tmp/samples)"`,
  );
  t.log(out.trim());
  const [, killed, missing, yes, no] = (/killed=(\d+) missing=(\d+) yes=(\d+) no=(\d+)/.exec(out) ?? []).map(Number);
  t.true((killed ?? 0) > 50, 'most runs were killed on their way');
  t.is(missing, 0);
  t.is(no, 0);
  t.true((yes ?? 0) > 500);
  const { report } = await guard(lab, 'vm-a', 'apply', plan);
  t.deepEqual(
    report.paths.map((path) => path.after),
    [[], []],
  );
  await guard(lab, 'vm-a', 'remove', plan);
  t.is(await snapshot(lab, 'vm-a'), asBooted);
  t.is((await shell(lab, 'vm-a', 'ls -A /run/ilb-hairpin-guard')).trim(), '', 'no lock and no work folder is left');
});

/** How one call of ip goes wrong. $1... are its words; the machine's own is /run/machine's or /usr/sbin's. */
const FAULTS = {
  'is refused': 'echo "RTNETLINK answers: Operation not permitted" >&2; cat >/dev/null; exit 2',
  'is done and yet reported as failed': '"$real" "$@"; exit 2',
  'is not done and yet reported as done': 'case " $* " in *-batch*) cat >/dev/null ;; esac; exit 0',
};

for (const [how, fault] of Object.entries(FAULTS)) {
  kernelTest(`each call of ip in turn ${how}`, async (t) => {
    const lab = await freshLab();
    const asBooted = await snapshot(lab, 'vm-a');
    const real = (await shell(lab, 'vm-a', 'type -P ip')).trim();
    await put(
      lab,
      '/usr/local/sbin/ip',
      `#!/bin/bash\nreal=${real}\nif [[ -e /tmp/bad ]]; then n=$(($(cat /tmp/count) + 1)); echo $n >/tmp/count; if ((n == $(cat /tmp/bad))); then [[ " $* " == *-batch* ]] || exec </dev/null; ${fault}; fi; fi\nexec "$real" "$@"\n`,
    );
    await put(lab, '/tmp/apply.sh', script('apply'));
    await put(lab, '/tmp/remove.sh', script('remove'));
    // One shell in the guest for all turns: what it prints is a line for each thing that should not be.
    const out = await shell(
      lab,
      'vm-a',
      `set +e
      turns=0
      for mode in apply remove; do
        for ((bad = 1; bad < 80; bad++)); do
          rm -f /tmp/bad
          [[ $mode == apply ]] || bash /tmp/apply.sh >/dev/null 2>&1
          echo 0 >/tmp/count; echo $bad >/tmp/bad
          bash /tmp/$mode.sh >/tmp/out 2>/tmp/err; code=$?
          used=$(cat /tmp/count)
          rm -f /tmp/bad
          ((used >= bad)) || break
          ((turns++))
          rules=$(${real} rule)
          [[ $rules == *'lookup local'* ]] || echo "$mode $bad: no local"
          tail -1 /tmp/out | grep -q '^ILB-HAIRPIN-GUARD .*}$' || echo "$mode $bad: no report"
          if ((code == 0)) && [[ $mode == apply && $(${real} route show table 7201 | grep -c via) != 2 ]]; then echo "$mode $bad: said well, is not"; fi
          bash /tmp/apply.sh >/tmp/out 2>&1 || echo "$mode $bad: not mended: $(tail -1 /tmp/out)"
          [[ $(${real} rule | grep -c 'lookup local') == 1 ]] || echo "$mode $bad: local not once"
          [[ $(${real} rule | head -1) == *7202* ]] || echo "$mode $bad: not in order"
          bash /tmp/remove.sh >/tmp/out 2>&1 || echo "$mode $bad: not removed: $(tail -1 /tmp/out)"
        done
      done
      echo turns=$turns`,
    );
    t.regex(out.trim(), /^turns=\d+$/);
    t.true(Number(/turns=(\d+)/.exec(out)?.[1]) > 40);
    await shell(lab, 'vm-a', 'rm /usr/local/sbin/ip');
    t.is(await snapshot(lab, 'vm-a'), asBooted);
  });
}

kernelTest('a run that is asked to end says so, and leaves no lock', async (t) => {
  const lab = await freshLab();
  await put(lab, '/tmp/apply.sh', renderScript('linux', commandOf({ plan: { frontends: planOf('vm-a') } })));
  // The connects before the changes take three seconds.
  const out = await shell(
    lab,
    'vm-a',
    'bash /tmp/apply.sh 2>/dev/null & sleep 1; kill -TERM $!; wait $! || true; ls -A /run/ilb-hairpin-guard; ps -e -o args | grep -c "[c]onnects" || true',
  );
  t.regex(out, /"e":"TIME_IS_UP","d":"stopped by a signal"\}\n0\n$/);
});
