/** Base data from elsewhere: clips in pieces, then their labels, which nobody drew. */
import { Fault } from '@fieldloop/core';
import type { LabelValue } from '../annotation/annotation.ts';
import { importItemsAtOnce, importPieceBytes } from '../dataset-limits.ts';
import { deviceNameField, instantField, instantText, nsField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { maxExportBytes } from '../limits.ts';
import type { Db } from '../store/db.ts';
import {
  importDevice,
  importedManifest,
  ontologyRow,
  putImportedClip,
  putImportedLabel,
} from '../store/dataset-import.ts';
import type { DatasetDeps } from './export-routes.ts';
import { type DatasetImport, datasetImportStore } from './import-store.ts';
import { hashField } from './json.ts';
import { datasetStore } from './store.ts';

const tag = 'datasets';
const path = z.strictObject({ id: z.string().max(64) });

export const datasetImportOperations = (deps: DatasetDeps): readonly Operation[] => [
  begin(deps),
  get(deps),
  putClip(deps),
  putItems(deps),
  finish(deps),
];

const schema = z
  .object({
    id: z.string().openapi({ example: 'dim_01JC0000000000000000000000' }),
    device: z.string(),
    ontologySha256: hashField,
    state: z.enum(['open', 'done']),
    clips: z.int(),
    items: z.int(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('DatasetImport');

const json = (one: DatasetImport): z.infer<typeof schema> => ({
  id: one.id,
  device: one.device,
  ontologySha256: one.ontologySha256,
  state: one.state === 'open' ? 'open' : 'done',
  clips: one.clips,
  items: one.items,
  createdBy: one.createdBy,
  createdAt: instantText(one.createdAt),
  updatedAt: instantText(one.updatedAt),
  version: one.version,
});

const begin = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'createDatasetImport',
      tag,
      method: 'post',
      path: '/v1/datasetImports',
      summary: 'Begin to import base data into a data set',
      description:
        'Its clips belong to a device of their own, made when there is none of the name. ' +
        'Imported items train and calibrate; they are in no test, for nobody drew them.',
      right: 'datasets:write',
    },
    {
      body: z.strictObject({
        dataset: z.string().min(1).max(64).openapi({ description: 'Name or id.' }),
        device: deviceNameField,
        ontologySha256: hashField,
      }),
      answer: { status: 201, description: 'The import.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { dataset, device, ontologySha256 } = call.body;
        const at = deps.clock.now();
        const found = await datasetStore(trx).demand(dataset);
        await demandOntology(trx, ontologySha256);
        const deviceId = await importDevice(trx, device, { id: deps.ids.ulid('dev'), at });
        const id = deps.ids.ulid('dim');
        const by = { by: call.caller?.id ?? 'nobody', at };
        const made = { id, datasetId: found.id, deviceId, ontologySha256 };
        await datasetImportStore(trx).add(made, by);
        const detail = { import: id, device };
        await call.audit(trx, { action: 'dataset.import', subject: found.id, detail });
        return json(await datasetImportStore(trx).demand(id));
      }),
  );

async function demandOntology(db: Db, sha256: string) {
  const found = await ontologyRow(db, sha256);
  if (found !== undefined) return found;
  throw new Fault('invalid', `there is no ontology ${sha256.slice(0, 12)}`, {
    place: '/body/ontologySha256',
    remedy: 'Create it first: POST /v1/ontologies; the command line does that by itself.',
  });
}

const get = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'getDatasetImport',
      tag,
      method: 'get',
      path: '/v1/datasetImports/{id}',
      summary: 'How far an import is',
      right: 'datasets:read',
    },
    { params: path, answer: { status: 200, description: 'The import.', schema } },
    async ({ params }) => json(await datasetImportStore(deps.read).demand(params.id)),
  );

const putClip = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'putImportedClip',
      tag,
      method: 'post',
      path: '/v1/datasetImports/{id}:putClip',
      summary: 'Send a piece of a clip; the last one makes it a clip',
      description:
        'Pieces follow each other. The answer says how many bytes are here: one that was ' +
        'interrupted goes on there. A clip whose bytes are here already takes no piece.',
      right: 'datasets:write',
      faults: ['conflict', 'corrupt', 'limited'],
    },
    {
      params: path,
      body: z.strictObject({
        sha256: hashField,
        sizeBytes: z.int().min(1).max(maxExportBytes),
        session: z.string().min(1).max(128).openapi({ description: 'Where it was recorded.' }),
        offset: z.int().min(0),
        data: z
          .base64()
          .max(Math.ceil(importPieceBytes / 3) * 4)
          .openapi({ description: `At most ${importPieceBytes} bytes.` }),
      }),
      answer: {
        status: 200,
        description: 'What is here.',
        schema: z
          .object({ receivedBytes: z.int(), clip: z.string().optional() })
          .openapi('ImportedPiece'),
      },
    },
    async (call) => {
      const { sha256, sizeBytes, session } = call.body;
      const found = await datasetImportStore(deps.read).demandOpen(call.params.id);
      const receivedBytes = await received(deps, found.device, call.body);
      if (receivedBytes < sizeBytes) return { receivedBytes };
      const of = { device: found.device, session, sha256, sizeBytes };
      const manifest = await importedManifest(deps.bytes, of);
      return await call.change(async (trx) => {
        const at = deps.clock.now();
        const clip = await putImportedClip(trx, manifest, at);
        await datasetImportStore(trx).count(found.id, { clips: 1, items: 0 }, at);
        const detail = { clip, sha256 };
        await call.audit(trx, { action: 'dataset.import_clip', subject: found.id, detail });
        return { receivedBytes, clip };
      });
    },
  );

/** Bytes of the clip that are here after this piece. Fault `corrupt` for other bytes in all. */
async function received(
  { bytes }: DatasetDeps,
  owner: string,
  piece: {
    readonly sha256: string;
    readonly sizeBytes: number;
    readonly offset: number;
    readonly data: string;
  },
): Promise<number> {
  const { sha256, sizeBytes, offset } = piece;
  const stored = await bytes.stat(sha256);
  if (stored !== undefined) return stored.sizeBytes;
  const part = await bytes.begin({ owner, sha256 });
  if (part.sizeBytes !== offset) {
    const here = part.sizeBytes;
    await part.close();
    return Math.min(here, sizeBytes - 1);
  }
  const data = Buffer.from(piece.data, 'base64');
  await part.append([data]);
  const here = offset + data.length;
  if (here < sizeBytes) {
    await part.sync();
    await part.close();
    return here;
  }
  if ((await part.commit()) === 'committed') return here;
  await part.discard();
  throw new Fault('corrupt', `the bytes are not those of ${sha256.slice(0, 12)}`, {
    place: '/body/data',
    remedy: 'Send the clip again from its first byte.',
  });
}

const putItems = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'putImportedItems',
      tag,
      method: 'post',
      path: '/v1/datasetImports/{id}:putItems',
      summary: 'Send labels of clips that are here',
      description: 'The same moment, topic and type twice is once.',
      right: 'datasets:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        items: z
          .array(
            z.strictObject({
              clipSha256: hashField,
              topic: z.string().min(1).max(256),
              startNs: nsField,
              endNs: nsField,
              type: z.enum(['classification', 'boxes', 'segments', 'text']),
              body: z
                .record(z.string().max(64), z.unknown())
                .openapi({ description: 'The value, such as {"class": "left"}.' }),
            }),
          )
          .min(1)
          .max(importItemsAtOnce),
      }),
      answer: {
        status: 200,
        description: 'What was new.',
        schema: z.object({ added: z.int(), known: z.int() }).openapi('ImportedItems'),
      },
    },
    async (call) =>
      await call.change(async (trx) => {
        const store = datasetImportStore(trx);
        const found = await store.demandOpen(call.params.id);
        const ontology = await demandOntology(trx, found.ontologySha256);
        const at = deps.clock.now();
        const clips = await clipsOf(trx, found.deviceId, call.body.items);
        let added = 0;
        for (const [i, item] of call.body.items.entries()) {
          const place = `/body/items/${i}`;
          const clip = clips.get(item.clipSha256);
          if (clip === undefined) throw noClip(item.clipSha256, place);
          const startNs = BigInt(item.startNs);
          const endNs = BigInt(item.endNs);
          const value = item.body as LabelValue;
          const wanted = { ...item, startNs, endNs, value };
          const of = { importId: found.id, clip, ontology, place, ids: deps.ids, at };
          if ((await putImportedLabel(trx, wanted, of)) !== undefined) added += 1;
        }
        await store.count(found.id, { clips: 0, items: added }, at);
        const known = call.body.items.length - added;
        const detail = { added, known };
        await call.audit(trx, { action: 'dataset.import_items', subject: found.id, detail });
        return { added, known };
      }),
  );

async function clipsOf(
  db: Db,
  deviceId: string,
  items: readonly { readonly clipSha256: string }[],
) {
  const hashes = [...new Set(items.map(({ clipSha256 }) => clipSha256))];
  const rows = await db
    .selectFrom('clip')
    .select(['id', 'sha256', 'session_id'])
    .where('device_id', '=', deviceId)
    .where('sha256', 'in', hashes)
    .execute();
  return new Map(
    rows.map((row) => [row.sha256, { id: row.id, deviceId, sessionId: row.session_id }]),
  );
}

const noClip = (sha256: string, place: string): Fault =>
  new Fault('invalid', `the clip ${sha256.slice(0, 12)} is not here`, {
    place: `${place}/clipSha256`,
    remedy: 'Send its bytes first with :putClip.',
  });

const finish = (deps: DatasetDeps): Operation =>
  operation(
    {
      id: 'finishDatasetImport',
      tag,
      method: 'post',
      path: '/v1/datasetImports/{id}:finish',
      summary: 'Say that an import is whole',
      right: 'datasets:write',
      faults: ['conflict'],
    },
    { params: path, answer: { status: 200, description: 'The import.', schema } },
    async (call) =>
      await call.change(async (trx) => {
        const store = datasetImportStore(trx);
        const found = await store.demandOpen(call.params.id);
        await store.finish(found, deps.clock.now());
        const detail = { clips: found.clips, items: found.items };
        await call.audit(trx, { action: 'dataset.import_done', subject: found.id, detail });
        return json(await store.demand(found.id));
      }),
  );
