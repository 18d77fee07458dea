/** What a trainer gives back, checked: nobody of ours wrote it. */
import { Fault } from '@fieldloop/core';
import { z } from '../http/openapi.ts';
import { type Result, resultName } from './contract-names.ts';

const shape = z.array(z.union([z.int().min(-1), z.string()])).max(16);
const outputName = z.string().min(1).max(256);

const resultSchema = z.object({
  schema: z.literal(resultName),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  input: z.object({
    name: z.string().min(1).max(256),
    shape,
    mean: z.array(z.number()).min(1).optional(),
    std: z.array(z.number().positive()).min(1).optional(),
  }),
  output: z.object({
    logits: z.union([outputName, z.array(outputName).min(1).max(16)]),
    shape,
    embedding: outputName.optional(),
  }),
  classes: z.array(z.string().min(1).max(64)).min(2).max(10_000),
  temperature: z.number().positive().optional(),
  metrics: z.object({
    calibration: z.object({ n: z.int().min(0), accuracy: z.number().min(0).max(1).nullable() }),
    skipped: z.int().min(0).optional(),
  }),
  versions: z.record(z.string(), z.string()),
  golden: z
    .array(z.object({ input: z.array(z.number()), output: z.array(z.number()) }))
    .max(64)
    .optional(),
});

/** Fault `invalid` names the place. */
export function readResult(text: string): Result {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Fault('invalid', 'result.json is not JSON', { remedy, cause: error });
  }
  const parsed = resultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = `result.json/${(issue?.path ?? []).map(String).join('/')}`;
  throw new Fault('invalid', `${place}: ${issue?.message ?? ''}`, { place, remedy });
}

const remedy = 'Write it as docs/reference/trainer.md has it.';
