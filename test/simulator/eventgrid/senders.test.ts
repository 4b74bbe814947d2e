import test from 'ava';
import { Tokens } from '../../../simulator/arm/tokens.ts';
import { MIRROR_PRINCIPAL, senders } from '../../../simulator/eventgrid/senders.ts';

const OTHER = { clientId: '00000000-0000-0000-0000-0000000000a4', principalId: '00000000-0000-0000-0000-0000000000b4' };
const EVENT_GRID = 'https://eventgrid.azure.net';

test('a token of a sender for Event Grid may publish; of another, for another, of old, or none may not', async (t) => {
  const tokens = new Tokens();
  const may = senders(tokens, [MIRROR_PRINCIPAL]);
  const token = async (...args: Parameters<Tokens['issue']>) => (await tokens.issue(...args)).token;
  t.true(await may(await token(MIRROR_PRINCIPAL, EVENT_GRID)));
  t.true(await may(await token(MIRROR_PRINCIPAL, `${EVENT_GRID}/`)));
  t.false(await may(await token(OTHER, EVENT_GRID)));
  t.false(await may(await token(MIRROR_PRINCIPAL, 'https://management.azure.com/')));
  t.false(await may(await token(MIRROR_PRINCIPAL, EVENT_GRID, -60)));
  t.false(await may((await new Tokens().issue(MIRROR_PRINCIPAL, EVENT_GRID)).token), 'of another directory');
  t.false(await may('no token'));
});
