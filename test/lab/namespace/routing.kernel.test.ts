import { routingCases } from '../../../lab/namespace/routing.ts';
import { testCases } from '../tryCases.ts';

testCases(routingCases());
