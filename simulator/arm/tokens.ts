/** Access tokens of the simulated identity, as ARM checks them: audience, expiry, signature. */
import { randomBytes } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { ArmError } from './errors.ts';

/** Who calls: a managed identity. */
export interface Principal {
  clientId: string;
  principalId: string;
}

/** The app's identity where none is given. Tests tell others apart from it. */
export const APP_PRINCIPAL: Principal = {
  clientId: '00000000-0000-0000-0000-0000000000a1',
  principalId: '00000000-0000-0000-0000-0000000000b1',
};

/** `aud`, `nbf` and `exp` are the standard's, the others Entra ID's. */
type Claims = JWTPayload & Record<'aud' | 'appid' | 'oid', string>;

// As ARM takes them; jose compares audiences letter by letter.
const plain = (audience: string): string => audience.toLowerCase().replace(/\/+$/, '');

/** Writes and checks tokens; each instance has a key of its own. */
export class Tokens {
  #key = randomBytes(32);

  /** A token in JWT's form; `expiresOn` in epoch seconds. */
  async issue(
    principal: Principal,
    audience: string,
    lifeSeconds = 86_400,
  ): Promise<{ token: string; expiresOn: number }> {
    const now = Math.floor(Date.now() / 1000);
    const expiresOn = now + lifeSeconds;
    const token = await new SignJWT({ appid: principal.clientId, oid: principal.principalId })
      .setProtectedHeader({ typ: 'JWT', alg: 'HS256' })
      .setAudience(audience)
      .setNotBefore(now)
      .setExpirationTime(expiresOn)
      .sign(this.#key);
    return { token, expiresOn };
  }

  /** The principal of an Authorization header; throws ARM's 401 in the words of the real one. */
  async check(authorization: string | undefined, audiences: string[]): Promise<Principal> {
    if (!authorization)
      throw refused('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
    const [, token = ''] = /^Bearer (\S+)$/i.exec(authorization) ?? [];
    const { payload } = await jwtVerify<Claims>(token, this.#key).catch((error: unknown) => {
      throw inWordsOfArm(error);
    });
    if (!audiences.some((audience) => plain(audience) === plain(payload.aud))) {
      throw refused(
        'InvalidAuthenticationTokenAudience',
        `The access token has been obtained for wrong audience or resource '${payload.aud}'. It should exactly match with one of the allowed audiences '${audiences.join("','")}'.`,
      );
    }
    return { clientId: payload.appid, principalId: payload.oid };
  }
}

/** What ARM says of a token that is not good; an error that is not about the token stays as it is. */
function inWordsOfArm(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    const expiry = new Date((error.payload.exp ?? 0) * 1000).toISOString();
    return refused(
      'ExpiredAuthenticationToken',
      `The access token expiry UTC time '${expiry}' is earlier than current UTC time '${new Date().toISOString()}'.`,
    );
  }
  if (error instanceof errors.JOSEError) return refused('InvalidAuthenticationToken', 'The access token is invalid.');
  return error;
}

const refused = (code: string, message: string): ArmError =>
  new ArmError(401, code, message, {
    headers: {
      'WWW-Authenticate': 'Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token"',
    },
  });
