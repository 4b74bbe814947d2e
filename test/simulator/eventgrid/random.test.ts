import test from 'ava';
import { seededRandom } from '../../../simulator/eventgrid/random.ts';

test('a seed repeats its numbers, another has others, all in [0, 1) and spread', (t) => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 1_000 }, () => random());
  };
  const numbers = draw(7);
  t.deepEqual(numbers, draw(7));
  t.notDeepEqual(numbers, draw(8));
  t.true(numbers.every((number) => number >= 0 && number < 1));
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  t.true(Math.abs(mean - 0.5) < 0.05, `${mean}`);
});
