import { killCases } from '../../../lab/namespace/kills.ts';
import { testCases } from '../tryCases.ts';

testCases(killCases());
