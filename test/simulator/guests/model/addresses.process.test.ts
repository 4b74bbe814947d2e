import test from 'ava';
import { startModelLab } from '../../../../simulator/guests/model/lab.ts';
import { addressFacts } from '../addressFacts.ts';

addressFacts(test.serial, startModelLab);
