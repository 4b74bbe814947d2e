/** A storm over guests that run every tenth command twice, as they would without Azure's rule for an equal PUT. */
import { readOptions } from '../../../simulator/chaos/options.ts';
import { runChaos } from '../../../simulator/chaos/run.ts';
import { scriptedLab } from '../../../simulator/chaos/scriptedLab.ts';

let commands = 0;
process.exitCode = await runChaos(readOptions(process.argv.slice(2)), {
  lab(estate, scriptMs) {
    const lab = scriptedLab(estate, scriptMs);
    const { runScript } = lab;
    return Object.assign(lab, {
      async runScript(...script: Parameters<typeof runScript>) {
        commands += 1;
        if (commands % 10 === 1) await runScript(...script);
        return runScript(...script);
      },
    });
  },
});
process.exit();
