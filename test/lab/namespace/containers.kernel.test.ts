import { containerCases } from '../../../lab/namespace/containers.ts';
import { testCases } from '../tryCases.ts';

testCases(containerCases());
