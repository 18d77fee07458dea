/**
 * A claim token becomes an identity. The key is durable before the request that uses it, so when
 * the reply is lost, the same token with the same key is answered the same way again.
 */
import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Fault, type FaultCode, faultTable, type Log } from '@fieldloop/core';
import { deviceNamePattern } from '@fieldloop/proto';
import { errorCode, replaceFile } from '../durable-file.ts';
import { checkDates, type Identity, loadIdentity, parseCertificate, parseKey } from './identity.ts';
import { call, type Reply } from './request.ts';
import { type ClaimToken, parseClaimToken } from './token.ts';
import { certificateRequest } from './x509.ts';

export interface EnrollOptions {
  /** Where the identity's files go; made when absent. */
  readonly dir: string;
  /** The text that `fieldloop tokens create` printed. */
  readonly token: string;
  /** Proposed device name; a token that is bound to a name wins. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

export async function enroll(options: EnrollOptions): Promise<Identity> {
  const token = parseClaimToken(options.token);
  if (!deviceNamePattern.test(options.name)) {
    throw new Fault('invalid', `"${options.name}" cannot be a device name`, {
      place: '/device/name',
      remedy: 'Use 3 to 40 characters: small letters, digits and -, for example amr-017.',
    });
  }
  await refuseSecond(options);
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const key = await durableKey(join(options.dir, 'key.pem'));
  const ca = await pinnedRoot(token, options.signal);
  const reply = await call({
    url: `${token.url}/enroll`,
    body: JSON.stringify({ token: token.text, csr: await certificateRequest(key, options.name) }),
    ca,
    signal: options.signal,
  });
  const grant = readGrant(`${token.url}/enroll`, reply);
  checkGrant(grant, { key, ca, nowMs: options.clock.now(), place: token.url });
  const write = (name: string, text: string): Promise<void> =>
    replaceFile(join(options.dir, name), text);
  await write('ca.pem', ca);
  await write('chain.pem', grant.chain);
  await write('cert.pem', grant.certificate);
  const { device, broker } = grant;
  await write('identity.json', `${JSON.stringify({ device, broker })}\n`);
  options.log.info('the device is enrolled', { device, broker });
  const identity = await loadIdentity(options.dir, options);
  if (identity !== undefined) return identity;
  throw new Fault('internal', 'the identity vanished while it was written', {
    place: options.dir,
    remedy: 'Check that nothing else changes this folder, then enrol again.',
  });
}

async function refuseSecond(options: EnrollOptions): Promise<void> {
  const known = await loadIdentity(options.dir, options).catch(() => undefined);
  if (known === undefined) return;
  throw new Fault('conflict', `this robot is enrolled already as ${known.device}`, {
    place: options.dir,
    remedy: 'Nothing is to be done. To give it another identity, remove this folder first.',
  });
}

/** The key of an earlier try is used again: only then is its answer given again. */
async function durableKey(path: string): Promise<string> {
  try {
    const found = await readFile(path, 'utf8');
    parseKey(path, found);
    return found;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await replaceFile(path, pem);
  return pem;
}

/** Asks a stranger for the root, and believes it by the hash in the token alone. */
async function pinnedRoot(token: ClaimToken, signal?: AbortSignal): Promise<string> {
  const url = `${token.url}/ca.pem`;
  const reply = await call({ url, signal });
  if (reply.status !== 200) throw problem(url, reply);
  const root = parseRoot(url, reply.body);
  const sha256 = createHash('sha256').update(root.raw).digest('hex');
  if (sha256 === token.caSha256) return root.toString();
  throw new Fault('unauthenticated', 'the server is not the cloud that made this token', {
    place: url,
    remedy: 'Ask for a new token, and find out who answers at this address.',
    details: { expected: token.caSha256, found: sha256 },
  });
}

function parseRoot(url: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Fault('unauthenticated', 'the server sent no root certificate', {
      place: url,
      remedy: 'Check that the URL in the token is that of a Fieldloop cloud.',
      cause,
    });
  }
}

interface Grant {
  readonly device: string;
  readonly certificate: string;
  readonly chain: string;
  readonly broker: string;
}

function readGrant(url: string, reply: Reply): Grant {
  if (reply.status !== 200) throw problem(url, reply);
  const { device, certificate, chain, broker } = parseObject(reply.body);
  if (
    typeof device === 'string' &&
    deviceNamePattern.test(device) &&
    typeof certificate === 'string' &&
    typeof chain === 'string' &&
    typeof broker === 'string' &&
    URL.parse(broker)?.protocol === 'mqtts:'
  ) {
    return { device, certificate, chain, broker };
  }
  throw new Fault('invalid', 'the cloud answered with something that is no identity', {
    place: url,
    remedy: 'Use the same version of Fieldloop on robot and cloud.',
  });
}

/** The cloud's own words where it has some; every refusal ends with what to do. */
function problem(url: string, reply: Reply): Fault {
  const { code, detail, title, remedy } = parseObject(reply.body);
  const known = typeof code === 'string' && Object.hasOwn(faultTable, code);
  const said = [detail, title].find((text) => typeof text === 'string' && text !== '');
  return new Fault(
    known ? (code as FaultCode) : codeOf(reply.status),
    `the cloud refused: ${typeof said === 'string' ? said : `status ${reply.status}`}`,
    {
      place: url,
      remedy:
        typeof remedy === 'string'
          ? remedy
          : 'Create a new token with `fieldloop tokens create` and enrol again.',
      details: { status: reply.status },
    },
  );
}

function codeOf(status: number): FaultCode {
  const codes = Object.entries(faultTable) as [FaultCode, { http: number }][];
  return codes.find(([, row]) => row.http === status)?.[0] ?? 'unavailable';
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}

function checkGrant(
  grant: Grant,
  known: { key: string; ca: string; nowMs: number; place: string },
): void {
  const { place } = known;
  const certificate = parseCertificate(place, grant.certificate);
  const ours = createPublicKey(known.key).export({ type: 'spki', format: 'der' });
  if (!certificate.publicKey.export({ type: 'spki', format: 'der' }).equals(ours)) {
    throw new Fault('conflict', 'the cloud answered with a certificate for another key', {
      place,
      remedy: 'Create a new token with `fieldloop tokens create` and enrol again.',
    });
  }
  const issuers = [...pemBlocks(grant.chain), known.ca].map((pem) => parseCertificate(place, pem));
  if (!issuers.some((issuer) => certificate.verify(issuer.publicKey))) {
    throw new Fault('unauthenticated', 'the certificate is not signed by the chain beside it', {
      place,
      remedy: 'Report this with the log of the cloud; nothing was changed on this robot.',
    });
  }
  checkDates(place, certificate, known.nowMs);
}

function pemBlocks(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
