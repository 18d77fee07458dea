/** The key that signs heads of the audit chain. It stands beside the certificate authority. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, sha256Hex } from '@fieldloop/core';
import { type AuditHead, headText, type SignedAuditHead } from '../audit/audit.ts';

export interface AuditKey {
  /** Hex SHA-256 of the public key's DER. */
  readonly keySha256: string;
  /** The public key's DER in base64: enough to check every head. */
  readonly publicKey: string;
  sign(head: AuditHead & { readonly at: number; readonly previous: number }): SignedAuditHead;
}

const fileName = 'audit-key.pem';

/** Opens the key in the data folder, or makes it, synced before it signs anything. */
export async function openAuditKey(dataDir: string): Promise<AuditKey> {
  const path = join(dataDir, fileName);
  if (!existsSync(path)) await create(path);
  const pem = await readFile(path, 'utf8');
  try {
    return auditKeyOf(createPrivateKey(pem));
  } catch (error) {
    throw new Fault('corrupt', 'the key of the audit heads cannot be read', {
      place: path,
      remedy: 'Put the file back from a backup; a new key cannot vouch for the heads of the old.',
      cause: error,
    });
  }
}

export function auditKeyOf(privateKey: KeyObject): AuditKey {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const keySha256 = sha256Hex(der);
  return {
    keySha256,
    publicKey: der.toString('base64'),
    sign(head) {
      const { seq, hash, at, previous } = head;
      const unsigned = { seq, hash, at, previous, keySha256 };
      const signature = sign(null, Buffer.from(headText(unsigned)), privateKey);
      return { ...unsigned, signature: signature.toString('base64url') };
    },
  };
}

/** Whether this public key made the signature of a head. */
export function signedBy(publicKey: string, head: SignedAuditHead): boolean {
  const der = Buffer.from(publicKey, 'base64');
  if (sha256Hex(der) !== head.keySha256) return false;
  const key = createPublicKey({ key: der, type: 'spki', format: 'der' });
  return verify(null, Buffer.from(headText(head)), key, Buffer.from(head.signature, 'base64url'));
}

async function create(path: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const part = `${path}.part`;
  {
    await using file = await open(part, 'w', 0o600);
    await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await file.sync();
  }
  await rename(part, path);
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}
