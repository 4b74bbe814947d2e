import { diskCases } from '../../../lab/namespace/disk.ts';
import { testCases } from '../tryCases.ts';

testCases(diskCases());
