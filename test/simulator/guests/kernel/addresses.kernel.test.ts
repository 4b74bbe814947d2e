import { startKernelLab } from '../../../../simulator/guests/kernel/lab.ts';
import { KERNEL, testNeeding } from '../../../needs.ts';
import { addressFacts } from '../addressFacts.ts';

addressFacts(testNeeding(KERNEL), startKernelLab);
