/** The one door to @peculiar/x509: a certificate request for a P-256 key. */
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** PEM of a request that proves possession of `keyPem` and proposes `name`. */
export async function certificateRequest(keyPem: string, name: string): Promise<string> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys: await cryptoKeys(keyPem),
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}

async function cryptoKeys(keyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = globalThis.crypto;
  const key = createPrivateKey(keyPem);
  const pkcs8 = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  const spki = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  const privateKey = await subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  const publicKey = await subtle.importKey('spki', spki, algorithm, true, ['verify']);
  return { privateKey, publicKey };
}
