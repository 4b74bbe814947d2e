/** The history of paths: the schema is the view's own. */
import * as z from 'zod';
import { type HistoryView, historySchema } from '../../shared/views/historySchema.ts';

export const history = historySchema as unknown as z.ZodType<HistoryView>;
z.globalRegistry.add(history, { id: 'History', description: 'How paths stood over days.' });
