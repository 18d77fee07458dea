/**
 * A claim token becomes a certificate. The token, the device, the certificate and the audit entry
 * are one transaction, and the reply comes after it; the same token with the same key gets the
 * same answer, because a reply can be lost.
 */
import { type Clock, Fault, type Ids } from '@fieldloop/core';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { newNameRemedy } from '../store/device-ref.ts';
import { deviceNamePattern, isOver } from '../device/device.ts';
import { deviceStore } from '../device/store.ts';
import { claimTokenStore } from '../token/store.ts';
import { claimSecretHash, claimTokenState, decodeClaimToken } from '../token/token.ts';
import type { Ca } from './ca.ts';
import { certificateStore } from './certificates.ts';
import { type CheckedRequest, checkRequest, type Issued } from './x509.ts';

export interface EnrolDeps {
  readonly db: Db;
  readonly ca: Ca;
  readonly clock: Clock;
  readonly ids: Ids;
}

export interface Grant {
  readonly device: string;
  readonly certificate: string;
  readonly chain: string;
  /** True when an enrolled robot got a new key: connections of the old one are to be closed. */
  readonly replaced: boolean;
}

/** Faults: `invalid` (token, request, name), `forbidden` (spent, expired), `conflict` (name). */
export async function enrol(deps: EnrolDeps, token: string, csr: string): Promise<Grant> {
  const { secret } = decodeClaimToken(token);
  const request = await checkRequest(csr);
  const hash = claimSecretHash(secret);
  const known = await claimTokenStore(deps.db).bySecret(hash);
  if (known === undefined) throw refused('is not known to this cloud');
  const name = nameFor(request, known.deviceName);
  // Signed before the transaction: a signature is not worth holding the write lock for.
  const issued = await deps.ca.issueDevice(name, request);
  return await deps.db
    .transaction()
    .execute(async (trx) => await redeem({ ...deps, db: trx }, { hash, name, request, issued }));
}

interface Claim {
  readonly hash: string;
  readonly name: string;
  readonly request: CheckedRequest;
  readonly issued: Issued;
}

async function redeem(deps: EnrolDeps, claim: Claim): Promise<Grant> {
  const { db, ca, clock, ids } = deps;
  const { hash, name, request, issued } = claim;
  const at = clock.now();
  const tokens = claimTokenStore(db);
  const token = await tokens.bySecret(hash);
  const state = token === undefined ? 'unknown' : claimTokenState(token, at);
  if (token === undefined || state === 'expired' || state === 'revoked') {
    throw refused(state === 'unknown' ? 'is not known to this cloud' : `is ${state}`);
  }
  if (state === 'used') {
    const before = await certificateStore(db).forKey(name, request.keySha256);
    if (token.usedKeySha256 !== request.keySha256 || before === undefined) {
      throw refused('was used before, with another key');
    }
    return { device: name, certificate: before.pem, chain: ca.chainPem, replaced: false };
  }
  const { deviceName: bound, site } = token;
  const { deviceId, replaced } = await admit(deps, { name, bound, site, request, issued, at });
  await tokens.redeem(hash, { keySha256: request.keySha256, deviceId, at });
  await putAudit(db, {
    at,
    actor: token.createdBy,
    via: 'enrol',
    action: replaced ? 'device.re_enrol' : 'device.enrol',
    subject: deviceId,
    detail: { device: name, token: token.id, fingerprint: issued.fingerprint },
    requestId: ids.ulid('req'),
  });
  return { device: name, certificate: issued.pem, chain: ca.chainPem, replaced };
}

export interface Admission {
  readonly name: string;
  /** The name that somebody with the right to do so chose for this robot. */
  readonly bound: string | undefined;
  readonly site: string | undefined;
  readonly request: CheckedRequest;
  readonly issued: Issued;
  readonly at: number;
}

/**
 * From now on this certificate is the device's, and the ones before it are over. To run inside the
 * transaction that says who let it in. Faults: `conflict` and `forbidden` for the name.
 */
export async function admit(
  deps: Pick<EnrolDeps, 'db' | 'ids' | 'clock'>,
  { name, bound, site, request, issued, at }: Admission,
): Promise<{ readonly deviceId: string; readonly replaced: boolean }> {
  const certificates = certificateStore(deps.db);
  const placed = await place(deps, name, bound, site);
  if (placed.replaced) {
    await certificates.end(name, 'superseded', at);
    await deviceStore(deps.db).forgetConnections(name);
  }
  await certificates.add(name, request.keySha256, issued, at);
  return placed;
}

/**
 * The device of this name: a new one, or one that exists when the operator bound the token to its
 * name, which is how a robot with a new board keeps its id and its history.
 */
async function place(
  deps: Pick<EnrolDeps, 'db' | 'ids' | 'clock'>,
  name: string,
  bound: string | undefined,
  site: string | undefined,
): Promise<{ deviceId: string; replaced: boolean }> {
  const devices = deviceStore(deps.db);
  const id = deps.ids.ulid('dev');
  if (await devices.create({ id, name, site, at: deps.clock.now() })) {
    return { deviceId: id, replaced: false };
  }
  const device = await devices.get(name);
  if (device !== undefined && isOver(device.state)) {
    throw new Fault('forbidden', `the device ${name} is ${device.state}, and that is for good`, {
      place: '/body/csr',
      remedy: newNameRemedy,
    });
  }
  if (bound !== name || device === undefined) {
    throw new Fault('conflict', `the name ${name} is taken by another device`, {
      place: '/body/csr',
      remedy: `Choose another device.name, or create a token with --device ${name} to replace it.`,
    });
  }
  return { deviceId: device.id, replaced: true };
}

function refused(why: string): Fault {
  return new Fault('forbidden', `the claim token ${why}`, {
    place: '/token',
    remedy: 'Create a new one with `fieldloop tokens create` and give it to the robot.',
  });
}

/** The bound name, or the one that the robot proposes. Fault `invalid` for what is no name. */
export function nameFor({ commonName }: CheckedRequest, bound: string | undefined): string {
  const name = bound ?? commonName;
  if (deviceNamePattern.test(name)) return name;
  throw new Fault('invalid', `"${name.slice(0, 60)}" is not a device name`, {
    place: '/body/csr',
    remedy: 'Set device.name in agent.yaml to 3 to 40 of a-z, 0-9 and -, a letter or digit first.',
  });
}
