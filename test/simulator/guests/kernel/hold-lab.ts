/** Starts a lab, says so with one line, and holds it until this process is killed. */
import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import { articleEstate } from '../estates.ts';
import { connectTo } from '../steps.ts';

const lab = await startKernelLab({ estate: articleEstate() });
const { outcome } = await connectTo(lab, 'vm-b', '10.0.1.100');
// A daemon that a script left behind must not outlive the lab either.
const { stdout } = await lab.runScript('vm-a', 'setsid sleep 1000 >/dev/null 2>&1 & whoami', 5);
process.stdout.write(`${outcome} ${stdout.trim()}\n`);
setInterval(() => {}, 1000);
