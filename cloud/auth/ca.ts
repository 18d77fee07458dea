/**
 * The cloud's own certificate authority: a root that robots pin, an intermediate that signs, and
 * what they give out. Both keys stand in `<data>/ca` with mode 0600, written before they are used.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, Fault } from '@fieldloop/core';
import {
  authorityMs,
  clockSlackMs,
  deviceCertificateMs,
  rootMs,
  serverCertificateMs,
} from '../wire-limits.ts';
import {
  type CheckedRequest,
  type Issued,
  issueAuthority,
  issueDevice,
  issueServer,
  newKeys,
  privateKeyPem,
  readKeys,
  type Signer,
  type Validity,
} from './x509.ts';

export interface Ca {
  readonly rootPem: string;
  /** Hex SHA-256 of the root's DER: what a claim token carries. */
  readonly rootSha256: string;
  /** The intermediate, which goes with every certificate it signed. */
  readonly chainPem: string;
  /** Key and chain of a listener that is called by these names and addresses. */
  serverIdentity(
    hosts: readonly string[],
  ): Promise<{ readonly key: string; readonly cert: string }>;
  /** A client certificate for the robot `device`. */
  issueDevice(device: string, request: CheckedRequest): Promise<Issued>;
}

const files = {
  root: 'root.pem',
  rootKey: 'root-key.pem',
  issuing: 'issuing.pem',
  issuingKey: 'issuing-key.pem',
} as const;

/** Opens the authority in `folder`, or makes it when there is none. Fault `corrupt` when half. */
export async function openCa(deps: {
  readonly folder: string;
  readonly clock: Clock;
}): Promise<Ca> {
  const { folder, clock } = deps;
  if (!existsSync(join(folder, files.issuing))) await create(folder, clock);
  const [rootPem, issuingPem, issuingKeyPem] = await Promise.all(
    [files.root, files.issuing, files.issuingKey].map((file) => read(join(folder, file))),
  );
  if (rootPem === undefined || issuingPem === undefined || issuingKeyPem === undefined) {
    throw new Fault('corrupt', 'the certificate authority is not complete', {
      place: folder,
      remedy: 'Put back the folder from a backup; without its keys every robot must enrol again.',
    });
  }
  const signer: Signer = { pem: issuingPem, keys: await readKeys(issuingKeyPem, issuingPem) };
  return {
    rootPem,
    rootSha256: new X509Certificate(rootPem).fingerprint256.replaceAll(':', '').toLowerCase(),
    chainPem: issuingPem,
    async serverIdentity(hosts) {
      const keys = await newKeys();
      const issued = await issueServer(hosts, keys, validity(clock, serverCertificateMs), signer);
      return { key: await privateKeyPem(keys), cert: `${issued.pem}\n${issuingPem}` };
    },
    issueDevice: async (device, request) =>
      await issueDevice(device, request, validity(clock, deviceCertificateMs), signer),
  };
}

/** Made beside its place and renamed, so that a kill leaves no half of an authority. */
async function create(folder: string, clock: Clock): Promise<void> {
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  const rootKeys = await newKeys();
  const root = await issueAuthority('Fieldloop root', rootKeys, validity(clock, rootMs));
  const issuingKeys = await newKeys();
  const issuing = await issueAuthority(
    'Fieldloop issuing',
    issuingKeys,
    validity(clock, authorityMs),
    { pem: root.pem, keys: rootKeys },
  );
  await write(join(fresh, files.rootKey), await privateKeyPem(rootKeys));
  await write(join(fresh, files.root), root.pem);
  await write(join(fresh, files.issuingKey), await privateKeyPem(issuingKeys));
  await write(join(fresh, files.issuing), issuing.pem);
  await syncFolder(fresh);
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);
  await syncFolder(dirname(folder));
}

function validity(clock: Clock, lengthMs: number): Validity {
  const now = clock.now();
  return { notBefore: now - clockSlackMs, notAfter: now + lengthMs };
}

async function read(path: string): Promise<string | undefined> {
  return existsSync(path) ? await readFile(path, 'utf8') : undefined;
}

async function write(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(text);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
