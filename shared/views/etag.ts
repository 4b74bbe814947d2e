/** The ETag of a document. */
import { hash } from 'node:crypto';

/** A weak one, of a text that says all that the document says. */
export const weakEtag = (text: string): string => `W/"${hash('sha256', text, 'base64url').slice(0, 22)}"`;
