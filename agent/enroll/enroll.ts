/**
 * A claim token becomes an identity. The key is durable before the request that uses it, so when
 * the reply is lost, the same token with the same key is answered the same way again. A device
 * that enrols again, because its certificate ends, does so with another token, another key and in
 * another folder: the identity that it has stays whole until identity.json names the new one.
 */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { type Clock, Fault, type FaultCode, faultTable, type Log } from '@fieldloop/core';
import { deviceNamePattern } from '@fieldloop/proto';
import {
  checkDates,
  type Identity,
  loadIdentity,
  type NamedIdentity,
  parseCertificate,
  readNamed,
} from './identity.ts';
import { demandName, durableKey, install, keySha256, pemBlocks } from './install.ts';
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
  /** The address of this machine to speak from, where it has several. */
  readonly localAddress?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function enroll(options: EnrollOptions): Promise<Identity> {
  const token = parseClaimToken(options.token);
  demandName(options.name);
  const mark = tokenMark(token);
  const place = { dir: options.dir, folder: await folderFor(options, mark) };
  const key = await durableKey(place);
  const ca = await pinnedRoot(token, options);
  const reply = await call({
    url: `${token.url}/enroll`,
    body: JSON.stringify({ token: token.text, csr: await certificateRequest(key, options.name) }),
    ca,
    localAddress: options.localAddress,
    signal: options.signal,
  });
  const grant = readGrant(`${token.url}/enroll`, reply);
  checkGrant(grant, { key, ca, nowMs: options.clock.now(), place: token.url });
  const { device, broker } = grant;
  return await install(place, { ...grant, ca }, { device, broker, token: mark }, options);
}

const tokenMark = (token: ClaimToken): string =>
  createHash('sha256').update(token.text).digest('hex').slice(0, 32);

/**
 * Where the files go: beside identity.json the first time, else in a folder that is named after
 * the token, so that the same token finds its key again. Refuses a token that gave the identity
 * that is in use.
 */
async function folderFor(options: EnrollOptions, mark: string): Promise<string | undefined> {
  let named: NamedIdentity | undefined;
  try {
    named = await readNamed(options.dir);
  } catch {
    // What is there names nobody; nothing of it is overwritten all the same.
    return mark;
  }
  if (named === undefined) return undefined;
  if (named.token !== mark) return mark;
  const known = await loadIdentity(options.dir, options).catch(() => undefined);
  if (known === undefined) return named.folder;
  const { device } = known;
  throw new Fault('conflict', `this robot is enrolled already as ${device}, by this very token`, {
    place: options.dir,
    remedy: `Nothing is to be done. To renew its certificate, run "fieldloop tokens create --device ${device}" and enrol with that token.`,
  });
}

/** Asks a stranger for the root, and believes it by the hash in the token alone. */
async function pinnedRoot(
  token: ClaimToken,
  { localAddress, signal }: Pick<EnrollOptions, 'localAddress' | 'signal'>,
): Promise<string> {
  const url = `${token.url}/ca.pem`;
  const reply = await call({ url, localAddress, signal });
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
  if (keySha256(certificate.publicKey) !== keySha256(createPublicKey(known.key))) {
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
