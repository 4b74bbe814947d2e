import { nicCases } from '../../../lab/namespace/nics.ts';
import { testCases } from '../tryCases.ts';

testCases(nicCases());
