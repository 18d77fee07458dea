/** Runs an evaluation: clips and models onto the disk, the laboratory for each model, the judge. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asFault, Fault, type Json } from '@fieldloop/core';
import { outcomeOf, topIndex } from '@fieldloop/learning';
import type { BlobStore } from '../blob/blob.ts';
import { copyBlob, wholeBlob } from '../store/blob-bytes.ts';
import { faultFrom } from '../store/fault-words.ts';
import { unitProbabilities } from '../training/lab/judge.ts';
import { askLab } from '../training/lab/lab.ts';
import type { LabReport } from '../training/lab/report.ts';
import type { Unit } from '../training/lab/units.ts';
import { caseFrames, maxModelDocumentBytes } from '../training-limits.ts';
import {
  type EvaluatedModel,
  evaluationHash,
  type EvaluationInput,
  type EvaluationResult,
  type Measured,
} from './evaluation.ts';
import { judgeReadings, type Readings } from './judge.ts';

export interface RunDeps {
  readonly bytes: Pick<BlobStore, 'read' | 'stat'>;
  readonly signal: AbortSignal;
  /** Told of each stage: of how many. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

export interface RunOutcome {
  readonly result: EvaluationResult;
  readonly sha256: string;
  readonly measured: Measured;
  readonly outcome: ReturnType<typeof outcomeOf>;
}

/** Fault `corrupt` or `invalid` when the candidate cannot be run at all. */
export async function runEvaluation(input: EvaluationInput, deps: RunDeps): Promise<RunOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-evaluation-'));
  try {
    const { onProgress = () => {} } = deps;
    onProgress(0, 3);
    await clipsOnDisk(input, deps, join(folder, 'clips'));
    onProgress(1, 3);
    const candidate = await readModel(input, input.candidate, { ...deps, folder });
    onProgress(2, 3);
    const before =
      input.against === null
        ? undefined
        : await readModel(input, input.against, { ...deps, folder });
    onProgress(3, 3);
    const { report } = candidate;
    const { result, machineGates } = judgeReadings(input, candidate.readings, {
      before: before?.readings,
      differences: before === undefined ? [] : differences(before, candidate),
      latencyMs: report.latencyMs.p99,
    });
    const { latencyMs, memoryBytes, machine, runtime } = report;
    const measured = {
      latencyMs,
      memoryBytes,
      sizeBytes: input.candidate.sizeBytes,
      machine,
      runtime,
      gates: machineGates,
    };
    const outcome = outcomeOf([...result.gates, ...machineGates]);
    return { result, sha256: evaluationHash(input, result), measured, outcome };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A clip whose bytes are gone is left out: its units are unread, which a gate says. */
async function clipsOnDisk(
  { units, cases }: EvaluationInput,
  { bytes, signal }: RunDeps,
  folder: string,
): Promise<void> {
  await mkdir(folder);
  for (const sha256 of new Set([...units, ...cases].map(({ clip }) => clip))) {
    signal.throwIfAborted();
    if ((await bytes.stat(sha256)) === undefined) continue;
    await copyBlob(bytes, sha256, join(folder, `${sha256}.mcap`));
  }
}

interface Read {
  readonly report: LabReport;
  readonly readings: Readings;
}

async function readModel(
  input: EvaluationInput,
  model: EvaluatedModel,
  { bytes, signal, folder }: RunDeps & { readonly folder: string },
): Promise<Read> {
  const onnx = join(folder, `${model.id}.onnx`);
  await copyBlob(bytes, model.onnx, onnx);
  const document = await documentOf(bytes, model);
  const clips = join(folder, 'clips');
  const report = await askLab({ onnx, document, clips, units: labUnits(input) }, signal);
  if (report.fault !== undefined) {
    const fault = faultFrom(report.fault);
    throw new Fault(fault.code, `${model.id} cannot be run: ${fault.message}`, {
      place: fault.place,
      remedy: fault.remedy,
    });
  }
  return { report, readings: readingsOf(input, report, document) };
}

async function documentOf(
  bytes: RunDeps['bytes'],
  { document, id }: EvaluatedModel,
): Promise<Readonly<Record<string, Json>>> {
  const text = new TextDecoder().decode(await wholeBlob(bytes, document, maxModelDocumentBytes));
  try {
    return JSON.parse(text) as Readonly<Record<string, Json>>;
  } catch (error) {
    throw new Fault('corrupt', `the document of ${id} is no JSON: ${asFault(error).message}`, {
      remedy: 'Import the model again.',
    });
  }
}

const labUnits = ({ units, cases }: EvaluationInput): readonly Unit[] => [
  ...units.map(({ clip, startNs, endNs }) => ({
    clipSha256: clip,
    startNs: BigInt(startNs),
    endNs: BigInt(endNs),
  })),
  ...cases.map(({ clip, startNs, endNs }) => ({
    clipSha256: clip,
    startNs: BigInt(startNs),
    endNs: BigInt(endNs),
    frames: caseFrames,
  })),
];

function readingsOf(
  { units, cases }: EvaluationInput,
  report: LabReport,
  document: Readonly<Record<string, Json>>,
): Readings {
  const classes = document['classes'] as readonly string[];
  const temperature = typeof document['temperature'] === 'number' ? document['temperature'] : 1;
  const reading = { classes: classes.length, temperature };
  let notFinite = 0;
  const frames = report.units.map(({ logits, fault }) => {
    if (fault !== undefined || logits.length === 0) return undefined;
    if (logits.some((frame) => frame.some((value) => value === null))) {
      notFinite += 1;
      return undefined;
    }
    return logits as readonly (readonly number[])[];
  });
  return {
    classes,
    units: units.map((_, i) => {
      const own = frames[i];
      return own && unitProbabilities(own, reading);
    }),
    cases: cases.map((_, i) =>
      frames[units.length + i]?.map(
        (frame) => classes[topIndex(unitProbabilities([frame], reading))] ?? '',
      ),
    ),
    notFinite,
  };
}

/** What a robot that runs the one before would notice. */
function differences(before: Read, candidate: Read): readonly string[] {
  const shapes = ({ report }: Read): string =>
    report.inputs
      .map(({ name, dimensions }) => `${name} ${dimensions.slice(1).join(' x ')}`)
      .join();
  const found: string[] = [];
  if (shapes(before) !== shapes(candidate)) {
    found.push(`the input is ${shapes(candidate)}, not ${shapes(before)}`);
  }
  const [is, was] = [candidate.readings.classes, before.readings.classes];
  if (is.join('\n') !== was.join('\n')) {
    found.push(`the classes are ${is.join(', ')}, not ${was.join(', ')}`);
  }
  return found;
}
