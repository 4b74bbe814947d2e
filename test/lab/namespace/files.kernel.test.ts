import { fileCases } from '../../../lab/namespace/files.ts';
import { testCases } from '../tryCases.ts';

testCases(fileCases());
