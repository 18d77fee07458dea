/** Operations on artifacts: the files that releases name. */
import { Fault } from '@fieldloop/core';
import { answerBytes } from '../blob/answer.ts';
import type { BlobStore } from '../blob/blob.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { artifactSource } from '../http/q/sources/releases.ts';
import { answeredAs } from '../http/problem.ts';
import { maxUploadBytes } from '../release-limits.ts';
import { type Artifact, artifactKinds } from './artifact.ts';
import { artifactFromRow, artifactStore } from './store.ts';

export interface ArtifactDeps extends NounDeps {
  readonly bytes: Pick<BlobStore, 'read' | 'stat' | 'draft'>;
}

export const artifactOperations = (deps: ArtifactDeps): readonly Operation[] => [
  upload(deps),
  list(deps),
  get(deps),
  data(deps),
];

const schema = z
  .object({
    id: z.string().openapi({ description: 'SHA-256 of the bytes.' }),
    sizeBytes: z.int(),
    kind: z.enum(artifactKinds),
    name: z.string().optional(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField.openapi({ description: 'createdAt: an artifact never changes.' }),
    version: z.int().openapi({ description: 'Always 1.' }),
  })
  .openapi('Artifact');

export type ArtifactJson = z.infer<typeof schema>;

const artifactJson = (of: Artifact): ArtifactJson => ({
  id: of.sha256,
  sizeBytes: of.sizeBytes,
  kind: of.kind,
  ...(of.name === undefined ? {} : { name: of.name }),
  createdBy: of.createdBy,
  createdAt: instantText(of.createdAt),
  updatedAt: instantText(of.createdAt),
  version: 1,
});

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hex');
const path = z.strictObject({ id: hash });
const tag = 'releases';

const upload = (deps: ArtifactDeps): Operation =>
  operation(
    {
      id: 'uploadArtifact',
      tag,
      method: 'post',
      path: '/v1/artifacts',
      summary: 'Bring a file that releases may name',
      description:
        `The body is the file itself (application/octet-stream), at most ${maxUploadBytes} bytes. ` +
        'The same bytes again are the same artifact.',
      right: 'releases:write',
      faults: ['corrupt', 'limited', 'unavailable'],
    },
    {
      query: z.strictObject({
        sha256: hash.openapi({ description: 'What the bytes must come to.' }),
        kind: z.enum(artifactKinds).default('other'),
        name: z.string().min(1).max(256).optional(),
      }),
      answer: { status: 201, description: 'The artifact.', schema },
    },
    async (call) => {
      const { sha256, kind, name } = call.query;
      const stored = await store(deps, call.request.body, sha256);
      return await call.change(async (trx) => {
        const at = deps.clock.now();
        const by = call.caller?.id ?? 'system';
        const made = await artifactStore(trx).put({ ...stored, kind, name, by, at });
        const after = { kind, sizeBytes: made.sizeBytes };
        await call.audit(trx, { action: 'artifact.upload', subject: sha256, after });
        return artifactJson(made);
      });
    },
  );

/** Bytes first, row after: an object that no row names is swept, a row without one never is. */
async function store(
  deps: ArtifactDeps,
  body: ReadableStream<Uint8Array> | null,
  sha256: string,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const draft = await deps.bytes.draft(deps.ids.ulid('art').toLowerCase().replace('_', '-'));
  let sizeBytes = 0;
  try {
    for await (const piece of body ?? []) {
      sizeBytes += piece.length;
      if (sizeBytes > maxUploadBytes) throw tooLarge();
      await draft.append([piece]);
    }
    if (sizeBytes === 0) throw differs('the body is empty');
  } catch (error) {
    await draft.discard();
    throw error;
  }
  const made = await draft.finish();
  if (made.sha256 === sha256) return made;
  throw differs(`the bytes come to ${made.sha256}`);
}

const differs = (message: string): Fault =>
  new Fault('corrupt', message, {
    place: '/query/sha256',
    remedy: 'Send the file whole, with the SHA-256 of exactly these bytes.',
  });

const tooLarge = (): Fault =>
  answeredAs(
    new Fault('limited', `the file has more than ${maxUploadBytes} bytes`, {
      place: '/body',
      remedy: 'Bring it in parts, or use a smaller one.',
    }),
    { status: 413, headers: { connection: 'close' } },
  );

const list = (deps: ArtifactDeps): Operation =>
  operation(
    {
      id: 'listArtifacts',
      tag,
      method: 'get',
      path: '/v1/artifacts',
      summary: 'Files that releases may name, the newest first',
      right: 'releases:read',
    },
    {
      query: listQuery(artifactSource, {}),
      answer: { status: 200, description: 'One page.', schema: listAnswer('ArtifactPage', schema) },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listArtifacts',
        source: artifactSource,
        rows: deps.read.selectFrom('artifact').selectAll('artifact'),
        items: (rows) => rows.map((row) => artifactJson(artifactFromRow(row))),
        schema,
      }),
  );

async function demand(deps: ArtifactDeps, sha256: string): Promise<Artifact> {
  const found = await artifactStore(deps.read).find(sha256);
  if (found !== undefined) return found;
  throw new Fault('not_found', `there is no artifact ${sha256.slice(0, 12)}`, {
    remedy: 'List them with `fieldloop releases artifacts`.',
  });
}

const get = (deps: ArtifactDeps): Operation =>
  operation(
    {
      id: 'getArtifact',
      tag,
      method: 'get',
      path: '/v1/artifacts/{id}',
      summary: 'One artifact',
      right: 'releases:read',
    },
    { params: path, answer: { status: 200, description: 'The artifact.', schema } },
    async ({ params }) => artifactJson(await demand(deps, params.id)),
  );

const data = (deps: ArtifactDeps): Operation =>
  operation(
    {
      id: 'getArtifactData',
      tag,
      method: 'get',
      path: '/v1/artifacts/{id}/data',
      summary: 'The bytes of an artifact',
      description: 'Takes Range, If-Range and If-None-Match, and HEAD.',
      right: 'releases:read',
      faults: ['unavailable'],
      statuses: {
        206: 'The part of the file that Range asked for.',
        304: 'The caller has this file already.',
        416: 'The range lies outside the file, or there are several.',
      },
    },
    {
      params: path,
      answer: { status: 200, description: 'The file.', bytes: 'application/octet-stream' },
    },
    async (call) => {
      const { sha256, sizeBytes, name } = await demand(deps, call.params.id);
      const fileName = name ?? sha256;
      const mediaType = 'application/octet-stream';
      return await answerBytes({ sha256, sizeBytes, mediaType, fileName }, deps.bytes, call);
    },
  );
