import { driftCases } from '../../../lab/namespace/drift.ts';
import { testCases } from '../tryCases.ts';

testCases(driftCases());
