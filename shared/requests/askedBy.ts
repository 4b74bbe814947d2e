/** Who asked for a run over HTTP: kept to be shown, and never a right to anything. */
import { MOST_NAME } from '../model/signal.ts';
import type { HeaderReader } from './sender.ts';

/**
 * What is kept where nobody signed in. Which key it was cannot be known: the Functions host hands the key's name over
 * (Azure/azure-functions-host, GrpcMessageConversionExtensions.cs, claim `keyid` of `RpcHttp.identities`), and version 4 of
 * the Node library drops it (Azure/azure-functions-nodejs-library, HttpRequest.ts: of identities it knows the headers of
 * `x-ms-client-principal` alone).
 */
export const BY_KEY = 'function key';

/** Characters that could hide or fake something where the name is shown. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/**
 * The name of the caller. `x-ms-client-principal-name` is taken only where App Service authentication is on: then the
 * platform sets it, and takes it out of what comes from outside (learn.microsoft.com, "Work with user identities in Azure
 * App Service authentication"). Without it anyone could send any name.
 */
export function askedBy(headers: HeaderReader, isAuthenticated: boolean): string {
  const given = isAuthenticated ? (headers.get('x-ms-client-principal-name') ?? '') : '';
  const name = given.replace(UNPRINTABLE, ' ').trim();
  const letters = [...name];
  if (letters.length === 0) return BY_KEY;
  return letters.length <= MOST_NAME ? name : `${letters.slice(0, MOST_NAME - 1).join('')}…`;
}
