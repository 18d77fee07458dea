/** A model that was trained elsewhere, judged before it is in the registry: it must run here. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { classesOf, parseClassifier, readOnnx } from '@fieldloop/learning';
import type { BlobStore } from '../blob/blob.ts';
import { askLab } from '../training/lab/lab.ts';
import { maxOnnxBytes } from '../training-limits.ts';
import { copyBlob, keepBlob, wholeBlob } from './blob-bytes.ts';
import { faultFrom } from './fault-words.ts';
import type { NewModelVersion } from './model-registry.ts';

export interface ImportedFiles {
  readonly model: string;
  /** SHA-256 of an object that is here. */
  readonly onnx: string;
  /** What model.yaml holds. */
  readonly document: Readonly<Record<string, Json>>;
}

/** Faults: `not_found`, `invalid` for the document, `corrupt` when it does not run or fit. */
export async function importVersion(
  { bytes }: { readonly bytes: BlobStore },
  { model, onnx, document }: ImportedFiles,
  signal: AbortSignal,
): Promise<NewModelVersion> {
  const found = await bytes.stat(onnx);
  if (found === undefined) {
    throw new Fault('not_found', `there is no object ${onnx.slice(0, 12)}`, {
      place: '/body/onnx',
      remedy: 'Upload model.onnx first: POST /v1/artifacts.',
    });
  }
  const parsed = parseClassifier(document);
  if (parsed.id !== model) {
    throw new Fault('invalid', `model.yaml is that of "${parsed.id}", not of "${model}"`, {
      place: '/body/document/id',
      remedy: 'Import it under its own id.',
    });
  }
  const noted = classesOf(readOnnx(await wholeBlob(bytes, onnx, maxOnnxBytes)));
  if (noted !== undefined && noted.join('\n') !== parsed.classes.join('\n')) {
    throw new Fault('invalid', `model.onnx has the classes ${noted.join(', ')}`, {
      place: '/body/document/classes',
      remedy: 'Write the classes in model.yaml in the order of the logits.',
    });
  }
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-import-'));
  try {
    const path = join(folder, 'model.onnx');
    await copyBlob(bytes, onnx, path);
    const { golden, tolerance } = parsed;
    const question = { onnx: path, document, clips: folder, units: [], golden, latencyRuns: 1 };
    const report = await askLab(question, signal);
    if (report.fault !== undefined) throw faultFrom(report.fault);
    const worst = report.goldenDifferences.find((one) => one === null || one > tolerance);
    if (worst !== undefined) {
      throw new Fault('corrupt', `a golden pair is ${String(worst)} away, ${tolerance} allowed`, {
        place: '/body/document/golden',
        remedy: 'Write the golden pairs again with the script that exported the model.',
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const text = new TextEncoder().encode(`${canonicalJson(document)}\n`);
  const name = `import-${sha256Hex(text).slice(0, 20)}`;
  return {
    model,
    onnx: { sha256: onnx, sizeBytes: found.sizeBytes },
    document: await keepBlob(bytes, name, text),
    classes: parsed.classes,
  };
}
