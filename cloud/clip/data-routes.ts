/** The bytes of a clip: its file, a part of it, its messages, and links that open it elsewhere. */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { answerBytes, type Served } from '../blob/answer.ts';
import { linkPath } from '../blob/links.ts';
import { namesTag } from '../blob/range.ts';
import type { MessagePosition } from '../blob/recordings/calls.ts';
import { viewerLink } from '../blob/viewers.ts';
import { listName } from '../http/deps.ts';
import { cursorField, instantField, instantText, nsField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { linkMs, maxLinkMs, maxPageRows } from '../limits.ts';
import { exportRead } from '../store/exports.ts';
import { type Clip, clipFileName, leadingMarker } from './clip.ts';
import {
  type ClipDeps,
  clipPath,
  countField,
  demandClip,
  linkableClip,
  openedClip,
  storedRecording,
  yesField,
} from './deps.ts';
import { demandRange } from './view-routes.ts';

export const clipDataOperations = (deps: ClipDeps): readonly Operation[] => [
  data(deps),
  messages(deps),
  links(deps),
  signed(deps),
];

const fileType = 'application/octet-stream';

const served = (clip: Clip): Served => ({
  sha256: storedRecording(clip).sha256,
  sizeBytes: clip.sizeBytes,
  mediaType: fileType,
  fileName: clipFileName(clip),
});

const topicsField = z
  .array(z.string().min(1).max(1024))
  .optional()
  .openapi({ description: 'Exact names, with commas between; may repeat.', example: ['/odom'] });

const topicsOf = (field: readonly string[] | undefined): readonly string[] | undefined =>
  field && [...new Set(field.flatMap((text) => text.split(',')))].toSorted();

const data = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClipData',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/data',
      summary: 'The MCAP file of a clip, whole or cut to topics and times',
      description:
        'The whole file takes Range, If-Range and If-None-Match, and HEAD; its ETag is its ' +
        'SHA-256, and it never changes. With topics or a time the answer is a valid MCAP that is ' +
        'cut while it is sent: no Range, and the same request gives the same bytes.',
      right: 'clips:read',
      faults: ['conflict', 'corrupt'],
      statuses: {
        206: 'The part of the file that Range asked for.',
        304: 'The caller has this file already.',
        416: 'The range lies outside the file, or there are several.',
      },
    },
    {
      params: clipPath,
      query: z.strictObject({
        topics: topicsField,
        startNs: nsField.optional().openapi({ description: 'Log time at or after.' }),
        endNs: nsField.optional().openapi({ description: 'Log time before.' }),
      }),
      answer: { status: 200, description: 'The file.', bytes: fileType },
    },
    async (call) => {
      const { query } = call;
      const clip = await openedClip(deps, call, 'clip.data');
      const topics = topicsOf(query.topics);
      const isWhole = topics === undefined && query.startNs === undefined;
      if (isWhole && query.endNs === undefined) {
        return await answerBytes(served(clip), deps.bytes, call);
      }
      const startNs = query.startNs === undefined ? undefined : BigInt(query.startNs);
      const endNs = query.endNs === undefined ? undefined : BigInt(query.endNs);
      demandRange(startNs, endNs);
      return await cutResponse(deps, clip, { topics, startNs, endNs, call });
    },
  );

interface Cut {
  readonly topics: readonly string[] | undefined;
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  readonly call: {
    readonly method: string;
    header(name: string): string | undefined;
  };
}

/** Of the bytes that a cut gives: raised when the way of cutting changes them. */
const cutEdition = 1;

async function cutResponse(deps: ClipDeps, clip: Clip, cut: Cut): Promise<Response> {
  const { topics, startNs, endNs, call } = cut;
  const source = storedRecording(clip);
  const note = {
    clip: clip.id,
    sha256: clip.sha256,
    ...(topics === undefined ? {} : { topics: topics.join(',') }),
    ...(startNs === undefined ? {} : { startNs: String(startNs) }),
    ...(endNs === undefined ? {} : { endNs: String(endNs) }),
  };
  const tag = `"${sha256Hex(canonicalJson({ ...note, cutEdition }))}"`;
  const headers = new Headers({
    'accept-ranges': 'none',
    'cache-control': 'private, max-age=86400',
    'content-disposition': `attachment; filename="${clipFileName(clip, '_cut')}"`,
    'content-type': fileType,
    etag: tag,
    'x-content-type-options': 'nosniff',
  });
  if (namesTag(call.header('if-none-match'), tag)) {
    return new Response(null, { status: 304, headers });
  }
  if (call.method === 'HEAD') return new Response(null, { headers });
  // A client that goes away cancels the body, and with it the thread's work.
  const pieces = deps.recordings.stream('cut', { source, topics, startNs, endNs, note });
  // What is wrong with the request or the file shows before the first byte is sent.
  const first = await pieces.next();
  return new Response(ReadableStream.from(continued(first, pieces)), { headers });
}

async function* continued(
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    if (first.done === true) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}

const messageSchema = z
  .object({
    topic: z.string(),
    logTimeNs: nsField,
    publishTimeNs: nsField,
    sequence: z.int(),
    sizeBytes: z.int(),
    data: z
      .unknown()
      .optional()
      .openapi({
        description:
          'The message: 64-bit integers and what is no number in JSON as strings. Long lists are ' +
          '`{$items, $length}`, bytes `{$base64, $length}`, texts `{$text, $length}`.',
      }),
    problem: z
      .object({ code: z.string(), message: z.string() })
      .optional()
      .openapi({ description: 'Its bytes are not what its schema says.' }),
  })
  .openapi('ClipMessage');

const messagesSchema = z
  .object({ items: z.array(messageSchema), nextCursor: z.string().optional() })
  .openapi('ClipMessagePage');

const messages = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'listClipMessages',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/messages',
      summary: 'Decoded messages of a clip, in the order of log time',
      description:
        'A page ends at `limit` messages or about 1 MiB. `format=ndjson` gives one message a ' +
        'line; the way to the next page is then in the Link header with rel="next".',
      right: 'clips:read',
      faults: ['conflict', 'corrupt'],
    },
    {
      params: clipPath,
      query: z.strictObject({
        topic: z
          .array(z.string().min(1).max(256))
          .min(1)
          .openapi({ description: 'May repeat.', example: ['/odom'] }),
        startNs: nsField.optional(),
        endNs: nsField.optional(),
        limit: countField({ least: 1, most: maxPageRows, otherwise: 100 }),
        cursor: cursorField,
        full: yesField.openapi({ description: 'Long lists, bytes and texts as they are.' }),
        format: z.enum(['json', 'ndjson']).default('json'),
      }),
      answer: { status: 200, description: 'One page.', schema: messagesSchema },
    },
    async (call) => {
      const { query, request } = call;
      const clip = await openedClip(deps, call, 'clip.messages');
      const source = storedRecording(clip);
      const { topic, limit, full, format } = query;
      const startNs = query.startNs === undefined ? undefined : BigInt(query.startNs);
      const endNs = query.endNs === undefined ? undefined : BigInt(query.endNs);
      demandRange(startNs, endNs);
      const list = listName(`listClipMessages ${clip.id}`, query);
      const after = query.cursor === undefined ? undefined : position(deps, list, query.cursor);
      const lines = format === 'ndjson';
      const wanted = { source, topics: topic, startNs, endNs, limit, after, full, lines };
      const { text, next } = await deps.recordings.call('messages', wanted, request.signal);
      const cursor =
        next &&
        deps.cursors.encode(list, [
          String(next.logTimeNs),
          String(next.offset),
          String(next.index),
        ]);
      return lines ? linesResponse(text, cursor, request.url) : pageResponse(text, cursor);
    },
  );

function position(deps: ClipDeps, list: string, cursor: string): MessagePosition {
  const [logTimeNs = '0', offset, index] = deps.cursors.decode(list, cursor);
  return { logTimeNs: BigInt(logTimeNs), offset: Number(offset), index: Number(index) };
}

/** The items are text already: parsing them again here would hold up everybody else. */
function pageResponse(items: Uint8Array, cursor: string | undefined): Response {
  const end = cursor === undefined ? ']}' : `],"nextCursor":${JSON.stringify(cursor)}}`;
  const body = Buffer.concat([Buffer.from('{"items":['), items, Buffer.from(end)]);
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return new Response(body, { headers });
}

function linesResponse(lines: Uint8Array, cursor: string | undefined, url: string): Response {
  const headers = new Headers({
    'content-type': 'application/x-ndjson',
    'cache-control': 'no-store',
  });
  if (cursor !== undefined) {
    const next = new URL(url);
    next.searchParams.set('cursor', cursor);
    headers.set('link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  return new Response(Buffer.from(lines), { headers });
}

const linksSchema = z
  .object({
    clip: z.string(),
    data: z.string().openapi({ description: 'The file, without a key, until expiresAt.' }),
    lichtblick: z.string(),
    foxglove: z.string(),
    expiresAt: instantField,
  })
  .openapi('ClipLinks');

const links = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getClipLinks',
      tag: 'clips',
      method: 'get',
      path: '/v1/clips/{id}/links',
      summary: 'Links that open a clip in Lichtblick or Foxglove, for a short time',
      description:
        'They hold a signed address of the file that works without a key, and the moment the ' +
        'rule fired. The viewer’s browser must be able to reach this cloud; a viewer on https ' +
        'reads from https only.',
      right: 'clips:read',
      faults: ['conflict'],
    },
    {
      params: clipPath,
      query: z.strictObject({
        expiresInS: countField({ least: 60, most: maxLinkMs / 1000, otherwise: linkMs / 1000 }),
      }),
      answer: { status: 200, description: 'The links.', schema: linksSchema },
    },
    async (call) => {
      const { query, request } = call;
      const clip = await linkableClip(deps, call);
      const file = served(clip);
      const expiresAt = deps.clock.now() + query.expiresInS * 1000;
      const token = deps.links.sign({ kind: 'clip', id: clip.id, expiresAt });
      const atNs = BigInt(leadingMarker(clip.manifest).atNs);
      const base = deps.publicUrl ?? request.url;
      const url = new URL(linkPath(token, file.fileName), base).href;
      return {
        clip: clip.id,
        data: url,
        lichtblick: viewerLink(deps.viewers.lichtblick, url, atNs),
        foxglove: viewerLink(deps.viewers.foxglove, url, atNs),
        expiresAt: instantText(expiresAt),
      };
    },
  );

const exposed = 'accept-ranges, content-disposition, content-length, content-range, etag';

const signed = (deps: ClipDeps): Operation =>
  operation(
    {
      id: 'getSigned',
      tag: 'clips',
      method: 'get',
      path: '/v1/signed/{token}/{name}',
      summary: 'The file behind a signed link',
      description:
        'The token says what may be read until when. Pages of any origin may read it. Takes ' +
        'Range as the file itself does.',
      right: 'nobody',
      crossOrigin: true,
      faults: ['conflict', 'forbidden'],
      statuses: {
        206: 'The part of the file that Range asked for.',
        304: 'The caller has this file already.',
        416: 'The range lies outside the file, or there are several.',
      },
    },
    {
      params: z.strictObject({ token: z.string().max(256), name: z.string().max(256) }),
      answer: { status: 200, description: 'The file.', bytes: fileType },
    },
    async (call) => {
      call.answerHeaders.set('access-control-expose-headers', exposed);
      const grant = deps.links.verify(call.params.token, deps.clock.now());
      const file =
        grant.kind === 'clip'
          ? served(await demandClip(deps.read, grant.id))
          : await exportRead(deps, grant.id, { actor: 'link', action: 'export.link' });
      const response = await answerBytes(file, deps.bytes, call);
      // The link ends: what it gave must not be kept for longer by what stands between.
      response.headers.set('cache-control', 'private, no-cache');
      return response;
    },
  );
