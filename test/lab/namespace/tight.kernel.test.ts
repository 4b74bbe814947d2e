import { tightCases } from '../../../lab/namespace/tight.ts';
import { testCases } from '../tryCases.ts';

testCases(tightCases());
