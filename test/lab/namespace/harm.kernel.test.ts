import { harmCases } from '../../../lab/namespace/harm.ts';
import { testCases } from '../tryCases.ts';

testCases(harmCases());
