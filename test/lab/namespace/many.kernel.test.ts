import { manyCases } from '../../../lab/namespace/many.ts';
import { testCases } from '../tryCases.ts';

testCases(manyCases());
