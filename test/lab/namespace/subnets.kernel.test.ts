import { subnetCases } from '../../../lab/namespace/subnets.ts';
import { testCases } from '../tryCases.ts';

testCases(subnetCases());
