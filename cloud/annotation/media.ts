/**
 * What a task shows: a cut of its clip, of its topic and a little around its time, and a picture
 * when there is one. Links work without a key, for as long as the task is held, and open in place.
 */
import { Fault } from '@fieldloop/core';
import { answerBytes } from '../blob/answer.ts';
import type { Links } from '../blob/links.ts';
import type { BlobStore } from '../blob/blob.ts';
import type { Recordings } from '../blob/recordings/pool.ts';
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { Db } from '../store/db.ts';
import { taskContextNs } from '../annotation-limits.ts';
import { type TaskRow, taskStore } from './task-store.ts';

export interface TaskDeps extends NounDeps {
  readonly bytes: BlobStore;
  readonly recordings: Recordings;
  readonly links: Links;
  readonly publicUrl?: string | undefined;
}

const cutName = 'clip.mcap';
const pictureName = 'picture.jpg';

export interface TaskMedia {
  readonly clip: string;
  readonly picture?: string;
}

/** Addresses of what a task shows, until `expiresAt`. */
export async function mediaOf(
  deps: Pick<TaskDeps, 'links' | 'publicUrl' | 'read'>,
  task: TaskRow,
  of: { readonly expiresAt: number; readonly base: string },
): Promise<TaskMedia> {
  const token = deps.links.sign({ kind: 'task', id: task.id, expiresAt: of.expiresAt });
  const base = deps.publicUrl ?? of.base;
  const url = (name: string): string => new URL(`/v1/taskMedia/${token}/${name}`, base).href;
  const picture = await pictureOf(deps.read, task);
  return { clip: url(cutName), ...(picture === undefined ? {} : { picture: url(pictureName) }) };
}

/** The picture of the topic that is nearest to the task's time. */
async function pictureOf(db: Db, task: TaskRow) {
  const rows = await db
    .selectFrom('clip_preview')
    .select(['sha256', 'size_bytes', 'media_type', 'at_ns'])
    .where('clip_id', '=', task.clip_id)
    .where('topic', '=', task.topic)
    .orderBy('n')
    .execute();
  const away = (ns: bigint): bigint =>
    ns > task.start_ns ? ns - task.start_ns : task.start_ns - ns;
  return rows.toSorted((a, b) => Number(away(a.at_ns) - away(b.at_ns)))[0];
}

export const mediaOperations = (deps: TaskDeps): readonly Operation[] => [
  operation(
    {
      id: 'getTaskMedia',
      tag: 'tasks',
      method: 'get',
      path: '/v1/taskMedia/{token}/{name}',
      summary: 'What a task shows: the cut of its clip, or its picture',
      description:
        'The token says which task, until when. Only the topic of the task is in the file. Pages of any origin may read it.',
      right: 'nobody',
      crossOrigin: true,
      faults: ['conflict', 'corrupt', 'forbidden'],
      statuses: { 206: 'A part of it.', 304: 'The caller has it.', 416: 'No such part.' },
    },
    {
      params: z.strictObject({ token: z.string().max(256), name: z.string().max(64) }),
      answer: { status: 200, description: 'The bytes.', bytes: 'application/octet-stream' },
    },
    async (call) => {
      const grant = deps.links.verify(call.params.token, deps.clock.now());
      if (grant.kind !== 'task') throw wrongLink();
      const task = await taskStore(deps.read).demandRow(grant.id);
      if (call.params.name === cutName) return await cut(deps, task, call.method);
      const picture =
        call.params.name === pictureName ? await pictureOf(deps.read, task) : undefined;
      if (picture === undefined) throw wrongLink();
      const response = await answerBytes(
        {
          sha256: picture.sha256,
          sizeBytes: Number(picture.size_bytes),
          mediaType: picture.media_type,
          fileName: pictureName,
          inline: true,
        },
        deps.bytes,
        call,
      );
      response.headers.set('cache-control', 'private, no-cache');
      return response;
    },
  ),
];

async function cut(deps: TaskDeps, task: TaskRow, method: string): Promise<Response> {
  const clip = await deps.read
    .selectFrom('clip')
    .select(['id', 'state', 'sha256', 'size_bytes'])
    .where('id', '=', task.clip_id)
    .executeTakeFirstOrThrow();
  if (clip.state !== 'stored') {
    throw new Fault('conflict', `the bytes of ${clip.id} are not here: it is ${clip.state}`, {
      remedy: 'Skip the task and say so.',
    });
  }
  const headers = new Headers({
    'content-type': 'application/octet-stream',
    'content-disposition': `inline; filename="${cutName}"`,
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  });
  if (method === 'HEAD') return new Response(null, { headers });
  const source = { sha256: clip.sha256, sizeBytes: Number(clip.size_bytes), name: clip.id };
  const startNs = task.start_ns > taskContextNs ? task.start_ns - taskContextNs : 0n;
  const endNs = task.end_ns + taskContextNs;
  const note = { task: task.id, topic: task.topic };
  const pieces = deps.recordings.stream('cut', {
    source,
    topics: [task.topic],
    startNs,
    endNs,
    note,
  });
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

const wrongLink = (): Fault =>
  new Fault('not_found', 'this link does not lead to anything that a task shows', {
    place: '/path/name',
    remedy: 'Take the links of the task as they are.',
  });
