import { groundCases } from '../../../lab/namespace/ground.ts';
import { testCases } from '../tryCases.ts';

testCases(groundCases());
