import { linkCases } from '../../../lab/namespace/links.ts';
import { testCases } from '../tryCases.ts';

testCases(linkCases());
