/** A certificate authority for tests: what a cloud's CA does, and what a wrong one would. */
import 'reflect-metadata';
import { createHash, createPrivateKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 24 * 3_600_000;

export interface IssueWish {
  readonly publicKey: x509.PublicKeyType;
  readonly name: string;
  /** The device that it names as a cloud's does. */
  readonly device?: string;
  /** Days from now. */
  readonly days?: readonly [from: number, to: number];
}

export interface KeyAndCertificate {
  /** PEM, each. */
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** PEM of the root. */
  readonly pem: string;
  readonly sha256: string;
  /** PEM of a certificate for 127.0.0.1. */
  issue(wish: IssueWish): Promise<string>;
  issueWithKey(name: string, days?: IssueWish['days']): Promise<KeyAndCertificate>;
}

export async function openAuthority(): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(p256, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=test root',
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 30 * day),
    keys,
    signingAlgorithm: p256,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  let serial = 1;
  const issue = async ({
    publicKey,
    name,
    device,
    days = [-1, 30],
  }: IssueWish): Promise<string> => {
    serial += 1;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString(16).padStart(2, '0'),
      subject: `CN=${name}`,
      issuer: root.subject,
      notBefore: new Date(Date.now() + days[0] * day),
      notAfter: new Date(Date.now() + days[1] * day),
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: p256,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          device === undefined
            ? { type: 'ip', value: '127.0.0.1' }
            : { type: 'url', value: `urn:fieldloop:device:${device}` },
        ]),
      ],
    });
    return certificate.toString('pem');
  };
  return {
    pem: root.toString('pem'),
    sha256: createHash('sha256').update(new Uint8Array(root.rawData)).digest('hex'),
    issue,
    async issueWithKey(name, days) {
      const own = await crypto.subtle.generateKey(p256, true, ['sign', 'verify']);
      const cert = await issue({ publicKey: own.publicKey, name, ...(days && { days }) });
      const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', own.privateKey));
      const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
      return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
    },
  };
}
