/** The one door to @peculiar/x509: the three kinds of certificate that this cloud gives out. */
import 'reflect-metadata';
import { createHash, randomBytes, type webcrypto } from 'node:crypto';
import { Fault } from '@fieldloop/core';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type GeneralNameType,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  type PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface KeyPair {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

/** Who signs: a certificate and its private key. */
export interface Signer {
  readonly pem: string;
  readonly keys: KeyPair;
}

export interface Validity {
  /** Unix milliseconds; certificates hold whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Issued extends Validity {
  readonly pem: string;
  /** Hex SHA-256 of the DER. */
  readonly fingerprint: string;
  readonly serial: string;
}

/** A certificate request whose maker holds the private key. */
export interface CheckedRequest {
  readonly commonName: string;
  /** Hex SHA-256 of the public key's DER. */
  readonly keySha256: string;
  readonly publicKey: PublicKey;
}

export async function newKeys(): Promise<KeyPair> {
  return await globalThis.crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

export async function privateKeyPem(keys: KeyPair): Promise<string> {
  const der = Buffer.from(await globalThis.crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

/** The key pair of a certificate from the PEM of its PKCS #8 private key. */
export async function readKeys(pem: string, certificatePem: string): Promise<KeyPair> {
  const { subtle } = globalThis.crypto;
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const privateKey = await subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const publicKey = await new X509Certificate(certificatePem).publicKey.export(algorithm, [
    'verify',
  ]);
  return { privateKey, publicKey };
}

/** A root signs itself; an intermediate may sign end certificates and nothing else. */
export async function issueAuthority(
  name: string,
  keys: KeyPair,
  validity: Validity,
  signer?: Signer,
): Promise<Issued> {
  const path = signer === undefined ? 1 : 0;
  return await issue(`CN=${name}`, keys.publicKey, validity, {
    signer: signer ?? { pem: undefined, keys },
    extensions: [
      new BasicConstraintsExtension(true, path, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
}

/** For a robot: whatever its request asks, the name and the purpose are ours. */
export async function issueDevice(
  device: string,
  request: CheckedRequest,
  validity: Validity,
  signer: Signer,
): Promise<Issued> {
  return await issue(`CN=${device}`, request.publicKey, validity, {
    signer,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth], true),
      new SubjectAlternativeNameExtension([
        { type: 'url', value: `urn:fieldloop:device:${device}` },
      ]),
    ],
  });
}

/** For our own listeners, under each name or address they are called by. */
export async function issueServer(
  hosts: readonly string[],
  keys: KeyPair,
  validity: Validity,
  signer: Signer,
): Promise<Issued> {
  const names = hosts.map((value): { type: GeneralNameType; value: string } => ({
    type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns',
    value,
  }));
  return await issue('CN=fieldloop cloud', keys.publicKey, validity, {
    signer,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth], true),
      new SubjectAlternativeNameExtension(names),
    ],
  });
}

/** Fault `invalid` for what is no P-256 request or is not signed by its own key. */
export async function checkRequest(pem: string): Promise<CheckedRequest> {
  const request = parseRequest(pem);
  const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string };
  if (name !== 'ECDSA' || namedCurve !== 'P-256') {
    throw badRequest(`its key is ${namedCurve ?? name}, not P-256`);
  }
  if (!(await verifies(request))) throw badRequest('its signature is not by its own key');
  return {
    commonName: request.subjectName.getField('CN')[0] ?? '',
    keySha256: createHash('sha256').update(new Uint8Array(request.publicKey.rawData)).digest('hex'),
    publicKey: request.publicKey,
  };
}

function parseRequest(pem: string): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(pem);
  } catch (cause) {
    throw badRequest('it does not parse', cause);
  }
}

async function verifies(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // A signature that cannot even be read proves nothing.
    return false;
  }
}

function badRequest(why: string, cause?: unknown): Fault {
  return new Fault('invalid', `the certificate request is not good: ${why}`, {
    place: '/body/csr',
    remedy: 'Send a PKCS #10 request in PEM for an ECDSA P-256 key, as fieldloop-agent does.',
    cause,
  });
}

async function issue(
  subject: string,
  publicKey: PublicKey | webcrypto.CryptoKey,
  validity: Validity,
  by: {
    readonly signer: { readonly pem: string | undefined; readonly keys: KeyPair };
    readonly extensions: readonly Extension[];
  },
): Promise<Issued> {
  const { signer, extensions } = by;
  const issuer = signer.pem === undefined ? undefined : new X509Certificate(signer.pem);
  // 16 random bytes with the first bit clear: positive and, for our purposes, unique (RFC 5280).
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial.toString('hex'),
    subject,
    issuer: issuer?.subject ?? subject,
    notBefore: new Date(validity.notBefore),
    notAfter: new Date(validity.notAfter),
    publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      ...extensions,
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(signer.keys.publicKey),
    ],
  });
  return {
    pem: certificate.toString('pem'),
    fingerprint: createHash('sha256').update(new Uint8Array(certificate.rawData)).digest('hex'),
    serial: certificate.serialNumber,
    notBefore: certificate.notBefore.getTime(),
    notAfter: certificate.notAfter.getTime(),
  };
}
