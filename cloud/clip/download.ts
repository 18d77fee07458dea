/** The bytes of a clip as an HTTP answer: whole or one range, and never to be asked again. */
import { Fault } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';
import { answeredAs } from '../http/problem.ts';
import { type Clip, leadingMarker } from './clip.ts';
import { namesTag, parseRange } from './range.ts';

/** Where stored bytes are read. */
export type ClipBytes = Pick<BlobStore, 'stat' | 'read'>;

export interface DownloadRequest {
  readonly method: string;
  header(name: string): string | undefined;
}

export async function download(
  clip: Clip,
  bytes: ClipBytes,
  request: DownloadRequest,
): Promise<Response> {
  await requireStored(clip, bytes);
  const size = clip.sizeBytes;
  const tag = `"${clip.sha256}"`;
  const headers = headersOf(clip, tag);
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
    headers.set('content-digest', digestOf(clip.sha256));
  }
  const body =
    request.method === 'HEAD' || end === start
      ? null
      : ReadableStream.from(bytes.read(clip.sha256, { start, end }));
  return new Response(body, { status: range.kind === 'part' ? 206 : 200, headers });
}

async function requireStored(clip: Clip, bytes: ClipBytes): Promise<void> {
  if (clip.state !== 'stored') {
    throw new Fault('conflict', `the bytes of ${clip.id} are not here: it is ${clip.state}`, {
      remedy:
        clip.state === 'on_device' || clip.state === 'uploading'
          ? `Wait until "${clip.device}" has uploaded it; \`fieldloop clips get\` shows its state.`
          : 'Its bytes are gone; what is known of it stays.',
    });
  }
  const found = await bytes.stat(clip.sha256);
  if (found?.sizeBytes === clip.sizeBytes) return;
  throw new Fault('unavailable', `the file of ${clip.id} is not in the blob store`, {
    place: clip.sha256,
    remedy: 'Ask the operator of the cloud to restore the blob store from its backup.',
  });
}

function headersOf(clip: Clip, tag: string): Headers {
  return new Headers({
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    'content-disposition': `attachment; filename="${fileName(clip)}"`,
    'content-type': 'application/octet-stream',
    etag: tag,
    'repr-digest': digestOf(clip.sha256),
    'x-content-type-options': 'nosniff',
  });
}

/** RFC 9530: the algorithm and the digest as a byte sequence. */
const digestOf = (sha256: string): string =>
  `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;

/** Device, log time, rule and id, of letters that every file system takes. */
function fileName(clip: Clip): string {
  const time = new Date(Number(clip.startNs / 1_000_000n)).toISOString().slice(0, 19);
  const { rule } = leadingMarker(clip.manifest);
  const parts = [clip.device, `${time.replaceAll(/[-:]/g, '')}Z`, rule, clip.id.slice(-8)];
  return `${parts.map((part) => part.replaceAll(/[^\w.-]+/g, '-')).join('_')}.mcap`;
}
