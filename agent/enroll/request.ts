/** One HTTPS call to the enrolment listener, small and bounded; its failures as faults. */
import { request } from 'node:https';
import { Fault } from '@fieldloop/core';
import { errorCode } from '../durable-file.ts';
import { enrollTimeoutMs, maxEnrollReplyBytes } from '../limits.ts';

export interface Call {
  readonly url: string;
  /** JSON to POST; absent for a GET. */
  readonly body?: string | undefined;
  /** PEM of the only root that is trusted; absent: nobody is, and nothing secret is sent. */
  readonly ca?: string | undefined;
  /** The address of this machine to speak from, where it has several. */
  readonly localAddress?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

export async function call(what: Call): Promise<Reply> {
  try {
    return await send(what);
  } catch (error) {
    throw error instanceof Fault ? error : asCallFault(what, error);
  }
}

function send(what: Call): Promise<Reply> {
  const timeout = AbortSignal.timeout(enrollTimeoutMs);
  const signal = what.signal === undefined ? timeout : AbortSignal.any([what.signal, timeout]);
  return new Promise((resolve, reject) => {
    const sent = request(
      what.url,
      {
        method: what.body === undefined ? 'GET' : 'POST',
        headers: what.body === undefined ? {} : { 'content-type': 'application/json' },
        ca: what.ca,
        rejectUnauthorized: what.ca !== undefined,
        minVersion: 'TLSv1.3',
        agent: false,
        localAddress: what.localAddress,
        signal,
      },
      (reply) => {
        const parts: Buffer[] = [];
        let length = 0;
        reply.on('data', (part: Buffer) => {
          length += part.length;
          if (length > maxEnrollReplyBytes) reply.destroy(tooLong(what));
          else parts.push(part);
        });
        reply.on('error', reject);
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(what.body);
  });
}

function tooLong(what: Call): Fault {
  return new Fault('invalid', `the answer is longer than ${maxEnrollReplyBytes} bytes`, {
    place: what.url,
    remedy: 'Check that the URL in the token is that of a Fieldloop cloud.',
  });
}

function asCallFault(what: Call, error: unknown): unknown {
  if (what.signal?.aborted === true) {
    return new Fault('cancelled', 'stopped on request', { cause: error });
  }
  const code = errorCode(error) ?? (error instanceof Error ? error.name : '');
  const parts = { place: what.url, cause: error };
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    return new Fault('unavailable', 'the certificate of the cloud is not valid at this time', {
      ...parts,
      remedy: 'Compare the clock of this machine with the real time; set it with timedatectl.',
    });
  }
  if (code === 'ABORT_ERR' || code === 'AbortError' || code === 'TimeoutError') {
    return new Fault('timeout', `the cloud did not answer within ${enrollTimeoutMs / 1000} s`, {
      ...parts,
      remedy: 'Check the network of this robot, then try again: the same token stays good.',
    });
  }
  if (/CERT|SIGNATURE|ISSUER|ALTNAME/.test(code)) {
    return new Fault('unauthenticated', `the cloud at this address cannot be trusted: ${code}`, {
      ...parts,
      remedy: 'Something between robot and cloud answers in its place, or the token is old.',
    });
  }
  return new Fault('unavailable', `the cloud cannot be reached: ${code || 'no connection'}`, {
    ...parts,
    remedy: 'Check network, DNS and firewall of this robot; the same token stays good.',
  });
}
