/** Models and their versions as the API shows them. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Alias, aliases, type Model, type ModelAlias, type ModelVersion } from './model.ts';

const movedSchema = z.object({
  alias: z.enum(aliases),
  modelVersion: z.string(),
  movedBy: z.string(),
  movedAt: instantField,
  version: z.int().openapi({ description: 'Moved with If-Match of this version, 0 before.' }),
});

export const modelSchema = z
  .object({
    id: z.string().openapi({ example: 'mdl_01JC0000000000000000000000' }),
    name: z.string().openapi({ description: 'What robots call it: id in model.yaml.' }),
    note: z.string().optional(),
    declaration: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: 'What a first training writes into model.yaml.' }),
    aliases: z.array(movedSchema),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Model');

export type ModelJson = z.infer<typeof modelSchema>;

export function modelJson(model: Model, moved: readonly ModelAlias[]): ModelJson {
  const { declaration, createdAt, updatedAt, ...same } = model;
  return {
    ...same,
    ...(declaration === undefined ? {} : { declaration: declaration as Record<string, unknown> }),
    aliases: moved.map(({ alias, modelVersion, movedBy, movedAt, version }) => ({
      alias,
      modelVersion,
      movedBy,
      movedAt: instantText(movedAt),
      version,
    })),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

export const aliasSchema = z
  .object({
    id: z.string().openapi({ example: 'classifier.champion' }),
    model: z.string(),
    alias: z.enum(aliases),
    modelVersion: z.string().optional(),
    createdAt: instantField.openapi({ description: 'Of the model.' }),
    updatedAt: instantField.openapi({ description: 'When it was moved last.' }),
    movedBy: z.string().optional(),
    version: z.int(),
  })
  .openapi('ModelAlias');

export type ModelAliasJson = z.infer<typeof aliasSchema>;

export const aliasJson = (
  model: Model,
  alias: Alias,
  moved: ModelAlias | undefined,
): ModelAliasJson => ({
  id: `${model.name}.${alias}`,
  model: model.name,
  alias,
  ...(moved === undefined ? {} : { modelVersion: moved.modelVersion, movedBy: moved.movedBy }),
  createdAt: instantText(model.createdAt),
  updatedAt: instantText(moved?.movedAt ?? model.createdAt),
  version: moved?.version ?? 0,
});

const file = z.object({ sha256: z.string(), sizeBytes: z.int() });

export const modelVersionSchema = z
  .object({
    id: z.string().openapi({ example: 'mdv_01JC0000000000000000000000' }),
    model: z.string(),
    number: z.int().openapi({ description: '1, 2, 3 … of its model.' }),
    onnx: file,
    document: file.openapi({ description: 'model.yaml' }),
    classes: z.array(z.string()),
    aliases: z.array(z.enum(aliases)),
    datasetVersion: z.string().optional(),
    training: z.string().optional(),
    base: z.string().optional(),
    seed: z.int().optional(),
    trainer: z.unknown().optional(),
    config: z.unknown().optional(),
    calibration: z.unknown().optional(),
    breaking: z.boolean(),
    evaluation: z.string().optional().openapi({ description: 'The newest one.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField.openapi({ description: 'createdAt: a version never changes.' }),
    version: z.int().openapi({ description: 'Always 1.' }),
  })
  .openapi('ModelVersion');

export type ModelVersionJson = z.infer<typeof modelVersionSchema>;

export function modelVersionJson(of: ModelVersion, moved: readonly ModelAlias[]): ModelVersionJson {
  const { classes, createdAt, onnx, document, ...same } = of;
  const at = instantText(createdAt);
  const own = moved.filter(({ modelVersion }) => modelVersion === of.id);
  return {
    ...same,
    onnx: { ...onnx },
    document: { ...document },
    classes: [...classes],
    aliases: own.map(({ alias }) => alias),
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}
