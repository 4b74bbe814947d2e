import { removeCases } from '../../../lab/namespace/remove.ts';
import { testCases } from '../tryCases.ts';

testCases(removeCases());
