import { neighbourCases } from '../../../lab/namespace/neighbours.ts';
import { testCases } from '../tryCases.ts';

testCases(neighbourCases());
