/** The bytes of an object as an HTTP answer: whole or one range, and never to be asked again. */
import { Fault } from '@fieldloop/core';
import { answeredAs } from '../http/problem.ts';
import type { BlobStore } from './blob.ts';
import { namesTag, parseRange } from './range.ts';

/** An object and how it is called when it is saved. */
export interface Served {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly fileName: string;
  /** Shown by a browser instead of saved. */
  readonly inline?: boolean;
}

export interface BytesRequest {
  readonly method: string;
  header(name: string): string | undefined;
}

/** Fault `unavailable` when the object is not in the store, `invalid` (416) for a bad range. */
export async function answerBytes(
  object: Served,
  bytes: Pick<BlobStore, 'stat' | 'read'>,
  request: BytesRequest,
): Promise<Response> {
  await demandThere(object, bytes);
  const size = object.sizeBytes;
  const tag = `"${object.sha256}"`;
  const headers = headersOf(object, tag);
  if (namesTag(request.header('if-none-match'), tag)) {
    return new Response(null, { status: 304, headers });
  }
  const ifRange = request.header('if-range');
  const ranged = request.method === 'GET' && (ifRange === undefined || ifRange.trim() === tag);
  const range = parseRange(ranged ? request.header('range') : undefined, size);
  if (range.kind === 'refused') {
    throw answeredAs(
      new Fault('invalid', range.why, { place: '/header/range', remedy: range.remedy }),
      { status: 416, headers: { 'content-range': `bytes */${size}` } },
    );
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: size };
  headers.set('content-length', String(end - start));
  if (range.kind === 'part') {
    headers.set('content-range', `bytes ${start}-${end - 1}/${size}`);
  } else {
    headers.set('content-digest', digestOf(object.sha256));
  }
  const body =
    request.method === 'HEAD' || end === start
      ? null
      : ReadableStream.from(bytes.read(object.sha256, { start, end }));
  return new Response(body, { status: range.kind === 'part' ? 206 : 200, headers });
}

async function demandThere(object: Served, bytes: Pick<BlobStore, 'stat'>): Promise<void> {
  const found = await bytes.stat(object.sha256);
  if (found?.sizeBytes === object.sizeBytes) return;
  throw new Fault('unavailable', `the file "${object.fileName}" is not in the blob store`, {
    place: object.sha256,
    remedy: 'Ask the operator of the cloud to restore the blob store from its backup.',
  });
}

function headersOf(object: Served, tag: string): Headers {
  const how = object.inline === true ? 'inline' : 'attachment';
  return new Headers({
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    'content-disposition': `${how}; filename="${object.fileName}"`,
    'content-type': object.mediaType,
    etag: tag,
    'repr-digest': digestOf(object.sha256),
    'x-content-type-options': 'nosniff',
  });
}

/** RFC 9530: the algorithm and the digest as a byte sequence. */
const digestOf = (sha256: string): string =>
  `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;
