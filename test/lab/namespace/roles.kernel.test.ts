import { roleCases } from '../../../lab/namespace/roles.ts';
import { testCases } from '../tryCases.ts';

testCases(roleCases());
