/**
 * The durable steps from a key to an identity, whoever brought the certificate: the key is on the
 * disk before anybody hears of it, and the identity in use stays whole until identity.json names
 * the new one.
 */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Fault, type Log } from '@fieldloop/core';
import { deviceNamePattern } from '@fieldloop/proto';
import { errorCode, replaceFile, syncFolder } from '../durable-file.ts';
import { makeFolder } from '../make-folder.ts';
import {
  type Identity,
  isMark,
  loadIdentity,
  type NamedIdentity,
  parseKey,
  readText,
} from './identity.ts';

export interface Place {
  /** Where the identity's files go; made when absent. */
  readonly dir: string;
  /** Inside it, for a device that has an identity already. */
  readonly folder: string | undefined;
}

/** What a certificate authority gave; PEM, each. */
export interface Given {
  readonly certificate: string;
  /** Those that vouch for it, below the root. */
  readonly chain: string;
  readonly ca: string;
}

export const homeOf = ({ dir, folder }: Place): string => join(dir, folder ?? '');

export function demandName(name: string): void {
  if (deviceNamePattern.test(name)) return;
  throw new Fault('invalid', `"${name}" cannot be a device name`, {
    place: '/device/name',
    remedy: 'Use 3 to 40 characters: small letters, digits and -, for example amr-017.',
  });
}

/** PEM of the key, mode 0600; that of an earlier try is used again. */
export async function durableKey(place: Place): Promise<string> {
  const home = homeOf(place);
  await asFaults(home, async () => {
    await makeFolder(home, 0o700);
    await syncFolder(place.dir);
  });
  const found = await waitingKey(place);
  if (found !== undefined) return found;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await asFaults(home, () => replaceFile(join(home, 'key.pem'), pem));
  return pem;
}

/** Undefined when there is none; Fault `corrupt` when what is there is no key. */
export async function waitingKey(place: Place): Promise<string | undefined> {
  const path = join(homeOf(place), 'key.pem');
  const found = await readText(path);
  if (found !== undefined) parseKey(path, found);
  return found;
}

/** Lower-case hex of SHA-256 over the DER of a public key: what two people compare. */
export const keySha256 = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** What was checked before becomes the identity; keys of others go. */
export async function install(
  place: Place,
  given: Given,
  named: Omit<NamedIdentity, 'folder'>,
  deps: { readonly clock: Clock; readonly log: Log },
): Promise<Identity> {
  const { dir, folder } = place;
  const write = (name: string, text: string): Promise<void> =>
    replaceFile(join(homeOf(place), name), text);
  await asFaults(homeOf(place), async () => {
    await write('ca.pem', given.ca);
    await write('chain.pem', given.chain);
    await write('cert.pem', given.certificate);
    await replaceFile(join(dir, 'identity.json'), `${JSON.stringify({ ...named, folder })}\n`);
  });
  const { device, broker } = named;
  deps.log.info('the device is enrolled', { device, broker });
  const identity = await loadIdentity(dir, deps);
  if (identity !== undefined) {
    await removeOthers(place, deps.log);
    return identity;
  }
  throw new Fault('internal', 'the identity vanished while it was written', {
    place: dir,
    remedy: 'Check that nothing else changes this folder, then enrol again.',
  });
}

/** Keys that no identity uses are not left lying about; what resists is told and left. */
async function removeOthers({ dir, folder }: Place, log: Log): Promise<void> {
  const beside = ['key.pem', 'cert.pem', 'chain.pem', 'ca.pem'];
  try {
    for (const name of await readdir(dir)) {
      const isOld = isMark(name) ? name !== folder : folder !== undefined && beside.includes(name);
      if (isOld) await rm(join(dir, name), { recursive: true });
    }
  } catch (error) {
    log.warn('files of an earlier identity could not be removed', { place: dir, error });
  }
}

/** What a disk or its rights refused; what is no failed system call is passed on. */
async function asFaults(place: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = errorCode(error);
    if (error instanceof Fault || code === undefined) throw error;
    const denied = code === 'EACCES' || code === 'EPERM';
    throw new Fault(
      denied ? 'forbidden' : 'unavailable',
      `the identity cannot be written: ${code}`,
      {
        place,
        remedy: denied
          ? 'Run this as the user that runs fieldloop-agent, or give that user the folder.'
          : 'Look after the disk of this folder, then try again: the same key is used again.',
        cause: error,
      },
    );
  }
}

export function pemBlocks(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
