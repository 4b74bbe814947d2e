import { agentCases } from '../../../lab/namespace/agents.ts';
import { testCases } from '../tryCases.ts';

testCases(agentCases());
