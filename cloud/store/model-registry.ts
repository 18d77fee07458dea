/** Models, their versions and aliases, for everybody who trains, evaluates or rolls out. */
import { Fault, type Ids, type Json } from '@fieldloop/core';
import {
  type Alias,
  aliases,
  type Model,
  type ModelAlias,
  type ModelVersion,
  unknownModel,
  unknownModelVersion,
} from '../model/model.ts';
import { bit, type Db, type Row } from './db.ts';
import { noteBlob } from './erasure.ts';
import { putOutbox } from './outbox.ts';

export interface Act {
  readonly at: number;
  /** Id of a person, a key, a run, or `system`. */
  readonly by: string;
}

export interface NewModel {
  readonly name: string;
  readonly note?: string | undefined;
  readonly declaration?: Json | undefined;
}

/** Undefined when the name is taken. */
export async function createModel(
  trx: Db,
  { name, note, declaration }: NewModel,
  { ids, at, by }: Act & { readonly ids: Pick<Ids, 'ulid'> },
): Promise<Model | undefined> {
  const row = await trx
    .insertInto('model')
    .values({
      id: ids.ulid('mdl'),
      name,
      note: note ?? null,
      declaration: declaration === undefined ? null : JSON.stringify(declaration),
      created_by: by,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await putOutbox(trx, { kind: 'model.created', subject: row.id, at, body: { model: name } });
  return modelOfRow(row);
}

/** By name or id. */
export async function getModel(db: Db, ref: string): Promise<Model | undefined> {
  const row = await db
    .selectFrom('model')
    .selectAll()
    .where((of) => of.or([of('name', '=', ref), of('id', '=', ref)]))
    .executeTakeFirst();
  return row && modelOfRow(row);
}

/** Fault `not_found`. */
export async function demandModel(db: Db, ref: string): Promise<Model> {
  const found = await getModel(db, ref);
  if (found === undefined) throw unknownModel(ref);
  return found;
}

export interface NewModelVersion {
  readonly model: string;
  readonly onnx: ModelVersion['onnx'];
  readonly document: ModelVersion['document'];
  readonly classes: readonly string[];
  readonly datasetVersion?: string | undefined;
  readonly training?: string | undefined;
  readonly base?: string | undefined;
  readonly seed?: number | undefined;
  readonly trainer?: Json | undefined;
  readonly config?: Json | undefined;
  readonly calibration?: Json | undefined;
  readonly breaking?: boolean | undefined;
}

/**
 * A new version, or the one that the same training made, or the same two files that were imported
 * before. The bytes must be in the blob store already. Fault `not_found` for the model.
 */
export async function registerVersion(
  trx: Db,
  wanted: NewModelVersion,
  { ids, at, by }: Act & { readonly ids: Pick<Ids, 'ulid'> },
): Promise<ModelVersion> {
  const { model, training } = wanted;
  await demandModel(trx, model);
  const known = await knownVersion(trx, wanted);
  if (known !== undefined) return known;
  const last = await trx
    .selectFrom('model_version')
    .select('version')
    .where('model', '=', model)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  const number = Number(last?.version ?? 0n) + 1;
  for (const blob of [wanted.onnx, wanted.document]) await noteBlob(trx, { ...blob, at });
  const row = await trx
    .insertInto('model_version')
    .values({
      id: ids.ulid('mdv'),
      version: number,
      ...columnsOf(wanted),
      created_by: by,
      created_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const body = { model, number, training: training ?? null };
  await putOutbox(trx, { kind: 'model.registered', subject: row.id, at, body });
  return versionOfRow(row);
}

async function knownVersion(trx: Db, wanted: NewModelVersion): Promise<ModelVersion | undefined> {
  const { model, training, onnx, document } = wanted;
  const rows = trx.selectFrom('model_version').selectAll();
  const found = await (training === undefined
    ? rows
        .where('model', '=', model)
        .where('training_id', 'is', null)
        .where('onnx_sha256', '=', onnx.sha256)
        .where('document_sha256', '=', document.sha256)
    : rows.where('training_id', '=', training)
  ).executeTakeFirst();
  return found && versionOfRow(found);
}

const textOf = (value: Json | undefined): string | null =>
  value === undefined ? null : JSON.stringify(value);

const columnsOf = (wanted: NewModelVersion) => ({
  model: wanted.model,
  onnx_sha256: wanted.onnx.sha256,
  onnx_bytes: wanted.onnx.sizeBytes,
  document_sha256: wanted.document.sha256,
  document_bytes: wanted.document.sizeBytes,
  dataset_version_id: wanted.datasetVersion ?? null,
  training_id: wanted.training ?? null,
  base_id: wanted.base ?? null,
  seed: wanted.seed ?? null,
  trainer: textOf(wanted.trainer),
  config: textOf(wanted.config),
  classes: JSON.stringify(wanted.classes),
  calibration: textOf(wanted.calibration),
  breaking: bit(wanted.breaking === true),
});

export async function getModelVersion(db: Db, id: string): Promise<ModelVersion | undefined> {
  const row = await db
    .selectFrom('model_version')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && versionOfRow(row);
}

/** Fault `not_found`. */
export async function demandModelVersion(db: Db, id: string): Promise<ModelVersion> {
  const found = await getModelVersion(db, id);
  if (found === undefined) throw unknownModelVersion(id);
  return found;
}

/** By id, by number, or by alias of the model. Fault `not_found`. */
export async function modelVersionNamed(db: Db, model: string, ref: string): Promise<ModelVersion> {
  if (isAlias(ref)) {
    const alias = await getAlias(db, model, ref);
    if (alias === undefined) throw unknownModelVersion(`${model} ${ref}`);
    return await demandModelVersion(db, alias.modelVersion);
  }
  let rows = db.selectFrom('model_version').selectAll().where('model', '=', model);
  rows = /^\d{1,9}$/.test(ref)
    ? rows.where('version', '=', BigInt(ref))
    : rows.where('id', '=', ref);
  const row = await rows.executeTakeFirst();
  if (row === undefined) throw unknownModelVersion(`${model} ${ref}`);
  return versionOfRow(row);
}

export const isAlias = (text: string): text is Alias => aliases.some((alias) => alias === text);

export async function getAlias(
  db: Db,
  model: string,
  alias: Alias,
): Promise<ModelAlias | undefined> {
  const row = await db
    .selectFrom('model_alias')
    .selectAll()
    .where('model', '=', model)
    .where('alias', '=', alias)
    .executeTakeFirst();
  return row && aliasOfRow(row);
}

export async function aliasesOf(db: Db, model: string): Promise<readonly ModelAlias[]> {
  const rows = await db
    .selectFrom('model_alias')
    .selectAll()
    .where('model', '=', model)
    .orderBy('alias')
    .execute();
  return rows.map(aliasOfRow);
}

export interface AliasMove {
  readonly model: string;
  readonly alias: Alias;
  /** Id of a version of the model. */
  readonly to: string;
  /** Version of the alias that the move is meant for, 0 for one that is not there; `any`. */
  readonly expects: number | 'any';
}

/**
 * Fault `conflict` when somebody moved it since; `not_found` for a version of another model.
 * A champion that gives way becomes the rollback.
 */
export async function moveAlias(trx: Db, move: AliasMove, { at, by }: Act): Promise<ModelAlias> {
  const { model, alias, to, expects } = move;
  const target = await demandModelVersion(trx, to);
  if (target.model !== model) throw unknownModelVersion(`${model} ${to}`);
  const known = await getAlias(trx, model, alias);
  const version = known?.version ?? 0;
  if (expects !== 'any' && expects !== version) {
    throw new Fault('conflict', `the alias ${alias} of ${model} has moved to version ${version}`, {
      remedy: 'Read it again, look at what changed, and move it with the new version.',
    });
  }
  if (known?.modelVersion === to) return known;
  const moved = { model_version_id: to, moved_by: by, moved_at: at, version: version + 1 };
  const row = await trx
    .insertInto('model_alias')
    .values({ model, alias, ...moved })
    .onConflict((conflict) => conflict.columns(['model', 'alias']).doUpdateSet(moved))
    .returningAll()
    .executeTakeFirstOrThrow();
  const body = { model, alias, from: known?.modelVersion ?? null, to };
  await putOutbox(trx, { kind: 'alias.moved', subject: target.id, at, body });
  if (alias === 'champion' && known !== undefined) {
    const back = { model, alias: 'rollback', to: known.modelVersion, expects: 'any' } as const;
    await moveAlias(trx, back, { at, by });
  }
  return aliasOfRow(row);
}

export function modelOfRow(row: Row<'model'>): Model {
  return {
    id: row.id,
    name: row.name,
    ...(row.note === null ? {} : { note: row.note }),
    ...(row.declaration === null ? {} : { declaration: JSON.parse(row.declaration) as Json }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

export function versionOfRow(row: Row<'model_version'>): ModelVersion {
  const { trainer, config, calibration } = row;
  return {
    id: row.id,
    model: row.model,
    number: Number(row.version),
    onnx: { sha256: row.onnx_sha256, sizeBytes: Number(row.onnx_bytes) },
    document: { sha256: row.document_sha256, sizeBytes: Number(row.document_bytes) },
    classes: JSON.parse(row.classes) as string[],
    ...(row.dataset_version_id === null ? {} : { datasetVersion: row.dataset_version_id }),
    ...(row.training_id === null ? {} : { training: row.training_id }),
    ...(row.base_id === null ? {} : { base: row.base_id }),
    ...(row.seed === null ? {} : { seed: Number(row.seed) }),
    ...(trainer === null ? {} : { trainer: JSON.parse(trainer) as Json }),
    ...(config === null ? {} : { config: JSON.parse(config) as Json }),
    ...(calibration === null ? {} : { calibration: JSON.parse(calibration) as Json }),
    breaking: row.breaking === 1n,
    ...(row.evaluation_id === null ? {} : { evaluation: row.evaluation_id }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
  };
}

function aliasOfRow(row: Row<'model_alias'>): ModelAlias {
  if (!isAlias(row.alias)) throw new TypeError(`alias ${row.alias}`);
  return {
    model: row.model,
    alias: row.alias,
    modelVersion: row.model_version_id,
    movedBy: row.moved_by,
    movedAt: Number(row.moved_at),
    version: Number(row.version),
  };
}
