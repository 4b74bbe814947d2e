import { placeCases } from '../../../lab/namespace/places.ts';
import { testCases } from '../tryCases.ts';

testCases(placeCases());
