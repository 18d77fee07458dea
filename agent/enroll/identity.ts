/**
 * Who this device is, as files: key.pem, cert.pem, chain.pem, ca.pem and, last of all,
 * identity.json, which says that the others are complete and in which folder they lie: beside it,
 * or, after this device enrolled again, in a folder of their own. Its rename is the change.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Fault } from '@fieldloop/core';
import { deviceNamePattern } from '@fieldloop/proto';
import { errorCode } from '../durable-file.ts';

export interface Identity {
  /** The device's name in certificate, client ids and topics. */
  readonly device: string;
  /** `mqtts://host:port`. */
  readonly broker: string;
  /** PEM, each. */
  readonly key: string;
  readonly certificate: string;
  readonly chain: string;
  readonly ca: string;
  /** Unix ms. */
  readonly notAfterMs: number;
  /** SHA-256 of the certificate's DER, lower-case hex: what an operator compares. */
  readonly fingerprint: string;
}

const enrolAgain = 'Run `fieldloop-agent enroll --token TOKEN` with a new claim token.';

/** Undefined when this device never enrolled; a Fault when what is there cannot be used. */
export async function loadIdentity(
  dir: string,
  deps: { readonly clock: Clock },
): Promise<Identity | undefined> {
  const named = await readNamed(dir);
  if (named === undefined) return undefined;
  const { device, broker } = named;
  const home = join(dir, named.folder ?? '');
  const file = async (name: string): Promise<string> => {
    const found = await readText(join(home, name));
    if (found !== undefined) return found;
    throw new Fault('not_found', `the identity has no ${name}`, {
      place: join(home, name),
      remedy: enrolAgain,
    });
  };
  const key = await file('key.pem');
  await checkMode(join(home, 'key.pem'));
  const [certificate, chain, ca] = [
    await file('cert.pem'),
    await file('chain.pem'),
    await file('ca.pem'),
  ];
  const parsed = parseCertificate(join(home, 'cert.pem'), certificate);
  const privateKey = parseKey(join(home, 'key.pem'), key);
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new Fault('conflict', 'key.pem does not belong to cert.pem', {
      place: home,
      remedy: enrolAgain,
    });
  }
  checkDates(join(home, 'cert.pem'), parsed, deps.clock.now());
  return {
    device,
    broker,
    key,
    certificate,
    chain,
    ca,
    notAfterMs: Date.parse(parsed.validTo),
    fingerprint: parsed.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** What identity.json says. */
export interface NamedIdentity {
  readonly device: string;
  readonly broker: string;
  /** Inside the identity's folder; absent: the files lie beside identity.json. */
  readonly folder?: string | undefined;
  /** Which claim token it came from (`tokenMark`). */
  readonly token?: string | undefined;
}

/** Undefined when there is no identity.json; Fault `corrupt` when it says nothing of use. */
export async function readNamed(dir: string): Promise<NamedIdentity | undefined> {
  const place = join(dir, 'identity.json');
  const text = await readText(place);
  if (text === undefined) return undefined;
  let found: Partial<Record<keyof NamedIdentity, unknown>>;
  try {
    found = (JSON.parse(text) ?? {}) as typeof found;
  } catch (cause) {
    throw new Fault('corrupt', 'the identity is not JSON', { place, remedy: enrolAgain, cause });
  }
  const { device, broker, folder, token } = found;
  if (
    typeof device === 'string' &&
    deviceNamePattern.test(device) &&
    typeof broker === 'string' &&
    (folder === undefined || isMark(folder)) &&
    (token === undefined || isMark(token))
  ) {
    return { device, broker, folder, token };
  }
  throw new Fault('corrupt', 'the identity names no device and broker', {
    place,
    remedy: enrolAgain,
  });
}

/** Also the name of the folder that an identity has when it is not the first. */
export const isMark = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);

async function checkMode(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  throw new Fault('forbidden', 'the private key can be read by others', {
    place: path,
    remedy: `Run \`chmod 600 ${path}\`; enrol again if others may have read it.`,
  });
}

export function parseCertificate(place: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Fault('corrupt', 'the certificate cannot be read', {
      place,
      remedy: enrolAgain,
      cause,
    });
  }
}

export function parseKey(place: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Fault('corrupt', 'the private key cannot be read', {
      place,
      remedy: `Delete ${place}, then enrol again with a new claim token.`,
      cause,
    });
  }
}

/** A certificate of the future means that this clock is wrong. `again`: how to get another. */
export function checkDates(
  place: string,
  certificate: X509Certificate,
  nowMs: number,
  again = enrolAgain,
): void {
  const now = new Date(nowMs).toISOString();
  if (nowMs < Date.parse(certificate.validFrom)) {
    throw new Fault('unavailable', `the certificate is valid from ${certificate.validFrom} only`, {
      place,
      remedy: `The clock of this machine says ${now}. Set it (timedatectl).`,
    });
  }
  if (nowMs <= Date.parse(certificate.validTo)) return;
  throw new Fault('unauthenticated', `the certificate expired on ${certificate.validTo}`, {
    place,
    remedy: `${again} If the clock of this machine (${now}) is wrong, set it first.`,
  });
}

/** Undefined when there is no such file; Fault `forbidden` when it cannot be read. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw new Fault('forbidden', 'this file cannot be read', {
      place: path,
      remedy: 'Give it to the user that runs fieldloop-agent.',
      cause,
    });
  }
}
