import { Fault } from '@fieldloop/core';
import { answerBytes } from '../blob/answer.ts';
import type { BlobStore } from '../blob/blob.ts';
import { linkPath, type Links } from '../blob/links.ts';
import { type BulkAnswer, bulkAnswer, bulkFields } from '../http/bulk.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { startedResponse } from '../http/long-work.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { exportSource } from '../http/q/sources/exports.ts';
import { demandVersion } from '../http/version.ts';
import { linkMs, maxExportBytes, maxExportClips, maxLinkMs, maxReasonLength } from '../limits.ts';
import { selectedClips } from '../store/clip-selection.ts';
import { demandExportOpen, useOpened } from '../store/access.ts';
import { eraseBlobs } from '../store/erasure.ts';
import {
  clipsNamed,
  exportOfRow,
  exportRead,
  exportServed,
  getExport,
  unknownExport,
} from '../store/exports.ts';
import type { Db } from '../store/db.ts';
import { startOperation } from '../store/operations.ts';
import { demandExportAllowed } from '../store/review-queue.ts';
import { type ClipExport, exportFormats } from './export.ts';
import { exportJson, exportSchema } from './json.ts';
import { manifestJson } from './manifest.ts';
import { exportStore } from './store.ts';

export interface ExportDeps extends NounDeps {
  readonly bytes: BlobStore;
  readonly links: Links;
  readonly publicUrl?: string | undefined;
}

const path = z.strictObject({ id: z.string().max(64) });

/** The person behind the caller, where there is one. */
const actorOf = ({
  caller,
}: {
  readonly caller: { readonly id: string; readonly userId?: string } | undefined;
}): string => caller?.userId ?? caller?.id ?? 'nobody';

export const exportOperations = (deps: ExportDeps): readonly Operation[] => [
  start(deps),
  list(deps),
  get(deps),
  data(deps),
  manifest(deps),
  links(deps),
  drop(deps),
];

const start = (deps: ExportDeps): Operation =>
  operation(
    {
      id: 'exportClips',
      tag: 'exports',
      method: 'post',
      path: '/v1/clips:export',
      summary: 'Make one file of several clips',
      description:
        '`zip`: their files with manifest.json and manifest.csv. `mcap`: one recording in the ' +
        'order of log time, topics under the name of their device when there are several. The ' +
        'clips are those that match now; the file is kept for 24 h.',
      right: 'clips:write',
      faults: ['conflict', 'limited'],
      statuses: { 202: 'The work that makes it: an Operation, whose input names the export.' },
      makes: true,
    },
    {
      body: z.strictObject({
        ...bulkFields,
        format: z.enum(exportFormats).default('zip'),
        topics: z
          .array(z.string().min(1).max(256))
          .min(1)
          .max(256)
          .optional()
          .openapi({ description: 'Exact names; all when absent.' }),
        includeManifests: z
          .boolean()
          .default(true)
          .openapi({ description: 'What the robot said of each clip, in manifest.json.' }),
        rationale: z.string().min(1).max(maxReasonLength).optional().openapi({
          description: 'Why: for the review, where the policy wants one.',
        }),
      }),
      answer: {
        status: 200,
        description: 'The dry run: which clips would be in it.',
        schema: bulkAnswer,
      },
    },
    async (call) => {
      const { dryRun, format, topics, includeManifests, rationale } = call.body;
      const chosen = await chosenClips(deps, call.body);
      if (dryRun) return dryRunAnswer(chosen);
      const by = call.caller?.id ?? 'nobody';
      const at = deps.clock.now();
      const [id, operationId] = [deps.ids.ulid('exp'), deps.ids.ulid('op')];
      const { ids: clipIds, sourceBytes } = chosen;
      return startedResponse(
        await call.change(async (trx) => {
          const wantedExport = { clips: clipIds, topics, format, includeManifests, rationale };
          await demandExportAllowed(trx, call, wantedExport, { at, ids: deps.ids });
          const input = { export: id, format, clips: clipIds.length };
          const wanted = { id: operationId, kind: 'clips.export', input, by, at };
          const started = await startOperation(trx, wanted);
          const made = { id, operationId, format, topics, includeManifests, by, at };
          await exportStore(trx).add({ ...made, clipIds, sourceBytes });
          await call.audit(trx, { action: 'clip.export', subject: id, detail: { ...input } });
          return started;
        }),
      );
    },
  );

interface Chosen {
  readonly ids: readonly string[];
  /** Of those whose bytes are here. */
  readonly stored: ReadonlySet<string>;
  readonly sourceBytes: number;
}

/** Faults: `limited` for too many or too much, `conflict` when no bytes are here. */
async function chosenClips(
  deps: ExportDeps,
  wanted: { readonly ids?: readonly string[] | undefined; readonly q?: string | undefined },
): Promise<Chosen> {
  const { ids, hasMore } = await selectedClips(deps, wanted, maxExportClips);
  if (hasMore) throw tooMuch(`more than ${maxExportClips} clips match`);
  const stored = new Set<string>();
  const known = new Set<string>();
  let sourceBytes = 0;
  for (let from = 0; from < ids.length; from += 500) {
    for (const clip of await clipsNamed(deps.read, ids.slice(from, from + 500))) {
      known.add(clip.id);
      if (clip.state !== 'stored') continue;
      stored.add(clip.id);
      sourceBytes += clip.sizeBytes;
    }
  }
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) {
    throw new Fault('not_found', `there is no clip "${unknown}"`, {
      place: '/body/ids',
      remedy: 'List the clips with `fieldloop clips list`.',
    });
  }
  if (sourceBytes > maxExportBytes) throw tooMuch(`their files have ${sourceBytes} bytes`);
  if (stored.size > 0) return { ids: [...known], stored, sourceBytes };
  throw new Fault('conflict', 'none of these clips has its bytes here', {
    place: '/body',
    remedy: 'Pull them first with `fieldloop clips pull`, or choose others: state=stored.',
  });
}

const tooMuch = (what: string): Fault =>
  new Fault('invalid', `this is too much for one export: ${what}`, {
    place: '/body',
    remedy: `Narrow it to ${maxExportClips} clips and ${maxExportBytes} bytes, or export in parts.`,
  });

function dryRunAnswer({ ids, stored }: Chosen): BulkAnswer {
  const results = ids.slice(0, 1000).map((id) => {
    if (stored.has(id)) return { id, ok: true };
    const message = 'its bytes are not here: only its manifest is exported';
    return { id, ok: false, problem: { code: 'conflict', message } };
  });
  return { results, matched: ids.length, changed: stored.size, dryRun: true };
}

const list = (deps: ExportDeps): Operation =>
  operation(
    {
      id: 'listExports',
      tag: 'exports',
      method: 'get',
      path: '/v1/exports',
      summary: 'Exports, the newest first',
      right: 'clips:read',
    },
    {
      query: listQuery(exportSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('ExportPage', exportSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listExports',
        source: exportSource,
        schema: exportSchema,
        rows: deps.read.selectFrom('clip_export').selectAll('clip_export'),
        items: (rows) => rows.map((row) => exportJson(exportOfRow(row))),
      }),
  );

const get = (deps: ExportDeps): Operation =>
  operation(
    {
      id: 'getExport',
      tag: 'exports',
      method: 'get',
      path: '/v1/exports/{id}',
      summary: 'One export, and whether its file is ready',
      right: 'clips:read',
    },
    { params: path, answer: { status: 200, description: 'The export.', schema: exportSchema } },
    async ({ params }) => exportJson(await demandExport(deps.read, params.id)),
  );

const data = (deps: ExportDeps): Operation =>
  operation(
    {
      id: 'getExportData',
      tag: 'exports',
      method: 'get',
      path: '/v1/exports/{id}/data',
      summary: 'The file of an export',
      description: 'Takes Range, If-Range and If-None-Match, and HEAD.',
      right: 'clips:read',
      faults: ['conflict'],
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
    async (call) =>
      await answerBytes(
        await exportRead(deps, call.params.id, { actor: actorOf(call), action: 'export.read' }),
        deps.bytes,
        call,
      ),
  );

const manifest = (deps: ExportDeps): Operation =>
  operation(
    {
      id: 'getExportManifest',
      tag: 'exports',
      method: 'get',
      path: '/v1/exports/{id}/manifest',
      summary: 'The clips of an export, as manifest.json inside a zip says it',
      right: 'clips:read',
    },
    { params: path, answer: { status: 200, description: 'JSON.', bytes: 'application/json' } },
    async (call) => {
      const made = await demandExport(deps.read, call.params.id);
      const opened = await demandExportOpen(deps.read, made.id, deps.clock.now());
      const use = { actor: actorOf(call), action: 'export.manifest', subject: made.id };
      await useOpened(deps, opened, use);
      const pieces = manifestJson(made, exportStore(deps.read).clips(made.id));
      const body = ReadableStream.from(pieces).pipeThrough(new TextEncoderStream());
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      return new Response(body, { headers });
    },
  );

const linksSchema = z
  .object({
    export: z.string(),
    data: z.string().openapi({ description: 'The file, without a key, until expiresAt.' }),
    expiresAt: instantField,
  })
  .openapi('ExportLinks');

const links = (deps: ExportDeps): Operation =>
  operation(
    {
      id: 'getExportLinks',
      tag: 'exports',
      method: 'get',
      path: '/v1/exports/{id}/links',
      summary: 'A link to the file of an export that works without a key for a short time',
      right: 'clips:read',
      faults: ['conflict'],
    },
    {
      params: path,
      query: z.strictObject({
        expiresInS: z
          .string()
          .regex(/^\d{1,6}$/, 'is not a number of seconds')
          .transform(Number)
          .refine((s) => s >= 60 && s <= maxLinkMs / 1000, `is not from 60 to ${maxLinkMs / 1000}`)
          .default(linkMs / 1000)
          .openapi({ type: 'integer', minimum: 60, maximum: maxLinkMs / 1000 }),
      }),
      answer: { status: 200, description: 'The link.', schema: linksSchema },
    },
    async ({ params, query, request }) => {
      const file = await exportServed(deps.read, params.id);
      // The link asks again when it is used.
      await demandExportOpen(deps.read, params.id, deps.clock.now());
      const expiresAt = deps.clock.now() + query.expiresInS * 1000;
      const token = deps.links.sign({ kind: 'export', id: params.id, expiresAt });
      const url = new URL(linkPath(token, file.fileName), deps.publicUrl ?? request.url);
      return { export: params.id, data: url.href, expiresAt: instantText(expiresAt) };
    },
  );

const drop = (deps: ExportDeps): Operation =>
  operation(
    {
      id: 'deleteExport',
      tag: 'exports',
      method: 'delete',
      path: '/v1/exports/{id}',
      summary: 'Remove the file of an export before its time',
      right: 'clips:write',
      faults: ['conflict'],
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      const object = await call.change(async (trx) => {
        const made = await demandExport(trx, call.params.id);
        demandVersion(call, made);
        const gone = await exportStore(trx).drop(made.id, deps.clock.now());
        await call.audit(trx, { action: 'export.delete', subject: made.id });
        return gone;
      });
      await eraseBlobs(deps, object === undefined ? [] : [object]);
      return undefined;
    },
  );

async function demandExport(db: Db, id: string): Promise<ClipExport> {
  const found = await getExport(db, id);
  if (found === undefined) throw unknownExport(id);
  return found;
}
