/**
 * One POST to a receiver that may be anybody: to the address that was checked, without redirects,
 * within a time, reading no more of the answer than is kept.
 */
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { asFault, faultLine } from '@fieldloop/core';
import { maxAnswerChars } from '../alert-limits.ts';
import { type Address, addressOf, type AddressRules } from './address.ts';
import type { Outcome } from './delivery.ts';

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Never throws for what a receiver does or fails to do. */
export async function post(message: Post, rules: AddressRules): Promise<Outcome> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), message.timeoutMs);
  try {
    const url = new URL(message.url);
    const address = await within(addressOf(url.hostname, rules), deadline.signal);
    return outcomeOf(await exchange(url, message, { address, signal: deadline.signal }));
  } catch (error) {
    if (deadline.signal.aborted) {
      return {
        ok: false,
        error: `The receiver did not answer within ${message.timeoutMs} ms. Answer first and work afterwards.`,
      };
    }
    return { ok: false, error: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  readonly head: string;
}

async function exchange(
  url: URL,
  message: Post,
  to: { readonly address: Address; readonly signal: AbortSignal },
): Promise<Answer> {
  const lookup: LookupFunction = (_host, options, done) => {
    const { address, family } = to.address;
    if (options.all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing: ClientRequest = send(
      url,
      {
        method: 'POST',
        agent: false,
        lookup,
        signal: to.signal,
        maxHeaderSize: 16 * 1024,
        headers: {
          ...message.headers,
          'content-length': Buffer.byteLength(message.body),
          connection: 'close',
        },
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(message.body);
  });
  const status = response.statusCode ?? 0;
  const { location, 'retry-after': retryAfter } = response.headers;
  return { status, location, retryAfter, head: await headOf(response) };
}

/** The first characters of the answer; the rest is not read. */
async function headOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size >= maxAnswerChars) break;
  }
  response.destroy();
  return printable(Buffer.concat(parts).toString('utf8'));
}

/** Text that a table of a database and a terminal can hold. */
export const printable = (text: string): string =>
  text.replaceAll(/[^\P{Cc}\n\t]/gu, '\u{fffd}').slice(0, maxAnswerChars);

function outcomeOf({ status, location, retryAfter, head }: Answer): Outcome {
  const answer = head === '' ? {} : { answer: head };
  if (status >= 200 && status < 300) return { ok: true, status, ...answer };
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  const error =
    status >= 300 && status < 400
      ? `The receiver answered ${status} and points to ${printable(location ?? 'nowhere').slice(0, 200)}. Redirects are not followed: give that URL.`
      : `The receiver answered ${status}. It must answer with 200 to 299.`;
  return {
    ok: false,
    status,
    error,
    ...answer,
    ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }),
  };
}

async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(new Error('out of time'));
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const remedies: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: check the address and the port.',
  ECONNRESET: 'The receiver broke the connection off.',
  EHOSTUNREACH: 'There is no way to the receiver: check the network.',
  ENETUNREACH: 'There is no way to the receiver: check the network.',
  EPROTO: 'The receiver does not speak TLS there: check http or https.',
  CERT_HAS_EXPIRED: 'Renew the certificate of the receiver.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Give the receiver a certificate of a known authority.',
  SELF_SIGNED_CERT_IN_CHAIN: 'Give the receiver a certificate of a known authority.',
  UNABLE_TO_GET_ISSUER_CERT: 'Let the receiver send its whole certificate chain.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'Give the receiver a certificate of a known authority, and let it send the whole chain.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Let the receiver send its whole certificate chain.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use the name that the certificate of the receiver holds.',
};

/** One line for the delivery log: what went wrong and what to do. */
export function reasonOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  const fault = asFault(error);
  if (fault.code !== 'internal') return faultLine(fault);
  const known = typeof code === 'string' ? code : 'unknown';
  const remedy = remedies[known] ?? 'Check that the receiver can be reached from the cloud.';
  return `The receiver was not reached (${known}). ${remedy}`;
}
