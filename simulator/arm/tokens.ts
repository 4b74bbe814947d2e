/** Access tokens of the simulated identity, as ARM checks them: audience, expiry, signature. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ArmError } from './errors.ts';

/** Who calls: a managed identity. */
export interface Principal {
  clientId: string;
  principalId: string;
}

interface Claims {
  aud: string;
  appid: string;
  oid: string;
  nbf: number;
  exp: number;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const plain = (audience: string): string => audience.toLowerCase().replace(/\/+$/, '');

/** Writes and checks tokens; each instance has a key of its own. */
export class Tokens {
  #key = randomBytes(32);

  /** A token in JWT's form; `expiresOn` in epoch seconds. */
  issue(principal: Principal, audience: string, lifeSeconds = 86_400): { token: string; expiresOn: number } {
    const now = Math.floor(Date.now() / 1000);
    const claims: Claims = {
      aud: audience,
      appid: principal.clientId,
      oid: principal.principalId,
      nbf: now,
      exp: now + lifeSeconds,
    };
    const text = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`;
    return { token: `${text}.${this.#sign(text)}`, expiresOn: claims.exp };
  }

  /** The principal of an Authorization header; throws ARM's 401 in the words of the real one. */
  check(authorization: string | undefined, audiences: string[]): Principal {
    if (!authorization)
      throw refused('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
    const [, text, signature] = /^Bearer ([\w-]+\.[\w-]+)\.([\w-]+)$/i.exec(authorization) ?? [];
    if (!text || !signature || !this.#matches(text, signature)) {
      throw refused('InvalidAuthenticationToken', 'The access token is invalid.');
    }
    const claims = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as Claims;
    if (claims.exp * 1000 <= Date.now()) {
      throw refused(
        'ExpiredAuthenticationToken',
        `The access token expiry UTC time '${new Date(claims.exp * 1000).toISOString()}' is earlier than current UTC time '${new Date().toISOString()}'.`,
      );
    }
    if (!audiences.some((audience) => plain(audience) === plain(claims.aud))) {
      throw refused(
        'InvalidAuthenticationTokenAudience',
        `The access token has been obtained for wrong audience or resource '${claims.aud}'. It should exactly match with one of the allowed audiences '${audiences.join("','")}'.`,
      );
    }
    return { clientId: claims.appid, principalId: claims.oid };
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }

  #matches(text: string, signature: string): boolean {
    const [own, given] = [Buffer.from(this.#sign(text)), Buffer.from(signature)];
    return own.length === given.length && timingSafeEqual(own, given);
  }
}

const refused = (code: string, message: string): ArmError =>
  new ArmError(401, code, message, {
    headers: {
      'WWW-Authenticate': 'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token"',
    },
  });
