/** The certificate of the simulated ARM: the SDKs send no token over plain http, so it must speak https. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { temporaryFolder } from '../storage/temporary.ts';

export interface Certificate {
  /** PEM of the server's key and certificate. */
  key: string;
  cert: string;
  /** PEM of the authority that signed it, and the file that holds it, for NODE_EXTRA_CA_CERTS. */
  ca: string;
  caFile: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Makes an authority and a server certificate for 127.0.0.1 and localhost, both for a week. */
export async function makeCertificate(folder?: string): Promise<Certificate> {
  const notAfterDate = new Date(Date.now() + 7 * DAY_MS);
  // A name of its own: a process that trusts several must find the right one by name.
  const name = `ilb-hairpin-guard simulator ${randomUUID()}`;
  const authority = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const caFile = join(folder ?? (await temporaryFolder('arm')), 'ca.pem');
  await writeFile(caFile, authority.cert);
  return { key: server.private, cert: server.cert, ca: authority.cert, caFile };
}
