/**
 * Enrolment without a network: a key waits here while a person carries its request to the cloud
 * and the certificate back. The file that comes back is believed as a claim token is: whoever may
 * run this command decides which cloud the robot trusts.
 */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { asFault, type Clock, Fault, type Log } from '@fieldloop/core';
import { deviceNamePattern } from '@fieldloop/proto';
import { checkDates, type Identity, loadIdentity, readNamed } from './identity.ts';
import {
  demandName,
  durableKey,
  homeOf,
  install,
  keySha256,
  type Place,
  pemBlocks,
  waitingKey,
} from './install.ts';
import { certificateRequest } from './x509.ts';

export interface WaitingRequest {
  /** PEM. */
  readonly csr: string;
  /** Of the public key; the cloud tells the same when it signs. */
  readonly keySha256: string;
  /** Where the key waits. */
  readonly home: string;
  /** Who the robot is until then: the cloud is to move that name to the new key. */
  readonly device: string | undefined;
}

/** The key is durable when it resolves; asked again, the request is for the same key. */
export async function requestCertificate(options: {
  readonly dir: string;
  /** Proposed device name; that of the cloud wins. */
  readonly name: string;
}): Promise<WaitingRequest> {
  demandName(options.name);
  const place = await placeOf(options.dir);
  const key = await durableKey(place);
  const { device } = place;
  return {
    device,
    csr: await certificateRequest(key, options.name),
    keySha256: keySha256(createPublicKey(key)),
    home: homeOf(place),
  };
}

export interface SignedFile {
  /** Certificate, issuers and root in PEM, and a line `broker: mqtts://HOST:PORT`. */
  readonly text: string;
  /** What faults call it. */
  readonly name: string;
  /** Wins over the file's line. */
  readonly broker?: string | undefined;
}

/** Resolves when the identity is durable. A Fault leaves the one in use as it was. */
export async function installCertificate(
  file: SignedFile,
  options: { readonly dir: string; readonly clock: Clock; readonly log: Log },
): Promise<Identity> {
  const [leaf, ...others] = certificatesOf(file);
  const place = await placeOf(options.dir);
  await demandOurKey(leaf, place, { file, ...options });
  const device = deviceOf(leaf, file);
  checkDates(file.name, leaf, options.clock.now(), signAgain);
  const { chain, root } = pathOf(leaf, others, file);
  const given = { certificate: leaf.toString(), chain: chain.join(''), ca: root.toString() };
  return await install(place, given, { device, broker: brokerOf(file) }, options);
}

const requestFirst = 'Run `fieldloop-agent enroll --csr FILE` and have that request signed.';
const signAgain =
  'Have the request signed again with `fieldloop enrolments sign`: its key still waits here.';
const wholeFile = 'Give the whole file that `fieldloop enrolments sign` wrote.';

/**
 * Where the next key waits: beside identity.json the first time, else in a folder that is named
 * after the one in use, so that the second command finds what the first one made.
 */
async function placeOf(dir: string): Promise<Place & { readonly device: string | undefined }> {
  const named = await readNamed(dir).catch((error: unknown) => {
    if (asFault(error).code !== 'corrupt') throw error;
    // What is there names nobody; nothing of it is overwritten all the same.
    return { folder: 'unknown', device: undefined };
  });
  if (named === undefined) return { dir, folder: undefined, device: undefined };
  const { folder: used = '', device } = named;
  const folder = createHash('sha256').update(`after ${used}`).digest('hex').slice(0, 32);
  return { dir, folder, device };
}

/** The first block is the robot's own, as in every file of certificates. */
function certificatesOf({ text, name }: SignedFile): [X509Certificate, ...X509Certificate[]] {
  const found: X509Certificate[] = [];
  let cause: unknown;
  try {
    found.push(...pemBlocks(text).map((pem) => new X509Certificate(pem)));
  } catch (error) {
    cause = error;
  }
  const [leaf, ...others] = found;
  if (leaf !== undefined && cause === undefined) return [leaf, ...others];
  const isRequest = text.includes('BEGIN CERTIFICATE REQUEST');
  throw new Fault(
    'invalid',
    `this is no certificate${isRequest ? ', but a request for one' : ''}`,
    {
      place: name,
      remedy: isRequest
        ? 'Have it signed with `fieldloop enrolments sign` and give what that wrote.'
        : wholeFile,
      cause,
    },
  );
}

async function demandOurKey(
  leaf: X509Certificate,
  place: Place,
  { file, dir, clock }: { readonly file: SignedFile; readonly dir: string; readonly clock: Clock },
): Promise<void> {
  const key = await waitingKey(place);
  const wanted = keySha256(leaf.publicKey);
  if (key !== undefined && keySha256(createPublicKey(key)) === wanted) return;
  const used = await loadIdentity(dir, { clock }).catch(() => undefined);
  if (used !== undefined && keySha256(createPublicKey(used.key)) === wanted) {
    throw new Fault('conflict', `this robot is enrolled already as ${used.device} with that key`, {
      place: file.name,
      remedy: `Nothing is to be done. For a new certificate: ${requestFirst}`,
    });
  }
  if (key === undefined) {
    throw new Fault('not_found', 'no key waits for a certificate on this robot', {
      place: homeOf(place),
      remedy: `Was the request made on another robot, or an identity installed since? ${requestFirst}`,
    });
  }
  throw new Fault('conflict', 'the certificate is for another key than the one that waits here', {
    place: file.name,
    remedy: `Take the one for the request of this robot. ${requestFirst}`,
    details: { waits: keySha256(createPublicKey(key)), certificate: wanted },
  });
}

function deviceOf({ subjectAltName }: X509Certificate, { name }: SignedFile): string {
  const names = (subjectAltName ?? '').split(', ');
  const prefix = 'URI:urn:fieldloop:device:';
  const device = names.find((one) => one.startsWith(prefix))?.slice(prefix.length) ?? '';
  if (deviceNamePattern.test(device)) return device;
  throw new Fault('invalid', 'the certificate names no device', {
    place: name,
    remedy: 'Have the request signed by a Fieldloop cloud: `fieldloop enrolments sign`.',
  });
}

/** From the certificate to a root that signed itself, each vouched for by the next. */
function pathOf(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  { name }: SignedFile,
): { readonly chain: readonly string[]; readonly root: X509Certificate } {
  const chain: string[] = [];
  let below = leaf;
  for (const _ of others) {
    const above = others.find((one) => one.ca && signed(one, below));
    if (above === undefined) break;
    if (signed(above, above)) return { chain, root: above };
    chain.push(above.toString());
    below = above;
  }
  throw new Fault('unauthenticated', 'the certificate does not lead to a root in this file', {
    place: name,
    remedy: `It holds the certificate, those that signed it, and the root. ${wholeFile}`,
  });
}

const signed = (by: X509Certificate, one: X509Certificate): boolean =>
  one.checkIssued(by) && one.verify(by.publicKey);

function brokerOf({ text, name, broker }: SignedFile): string {
  const found = broker ?? /^broker: *(\S+) *\r?$/m.exec(text)?.[1];
  if (found !== undefined && URL.parse(found)?.protocol === 'mqtts:') return found;
  throw new Fault('invalid', `${found ?? 'nothing'} is not the address of a broker`, {
    place: broker === undefined ? name : '--broker',
    remedy: 'Give it with --broker mqtts://HOST:PORT, or in the file as "broker: mqtts://…".',
  });
}
