/** The other side of a real channel, for the test of the calls over it. */
import { serve } from '../../../simulator/guests/rpc.ts';

const served = {
  echo: (value: unknown): unknown => value,
  refuse(what: string): void {
    throw new TypeError(`not ${what}`);
  },
  end: (): void => process.exit(),
};

export type Served = typeof served;

process.on('disconnect', () => process.exit());
serve(process, served);
