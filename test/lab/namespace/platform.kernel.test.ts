import { platformCases } from '../../../lab/namespace/platform.ts';
import { testCases } from '../tryCases.ts';

testCases(platformCases());
