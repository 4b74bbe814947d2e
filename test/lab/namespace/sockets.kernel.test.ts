import { socketCases } from '../../../lab/namespace/sockets.ts';
import { testCases } from '../tryCases.ts';

testCases(socketCases());
