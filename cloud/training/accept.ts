/**
 * What a trainer left is checked before anything is registered: its hash, that ONNX Runtime loads
 * it, shapes and classes, finite outputs, and its own figures computed again by us.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { asFault, type Fault } from '@fieldloop/core';
import { topIndex } from '@fieldloop/learning';
import {
  finiteUnits,
  goldenPairs,
  goldenTolerance,
  maxOnnxBytes,
  metricTolerance,
} from '../training-limits.ts';
import { readResult } from './contract.ts';
import type { Declaration, Result } from './contract-names.ts';
import { type Difference, differencesOf } from './declaration.ts';
import { resultText, type TrainingFolder } from './folder.ts';
import { bundleClips, type BundleUnit, bundleUnits } from './lab/bundle.ts';
import { unitProbabilities } from './lab/judge.ts';
import { askLab } from './lab/lab.ts';
import type { LabReport } from './lab/report.ts';
import type { ProblemCode, TrainingProblem } from './training.ts';

export interface Expected {
  readonly declaration: Declaration;
  /** Shape of the input of the base's file, where there is a base. */
  readonly input?: readonly (number | string)[] | undefined;
  readonly classes: readonly string[];
  /** Other shapes and classes are wanted. */
  readonly breaking: boolean;
}

export type Accepted =
  | {
      readonly ok: true;
      readonly result: Result;
      /** model.yaml but for its version. */
      readonly document: object;
      readonly accuracy: number | null;
      readonly calibrationUnits: number;
    }
  | { readonly ok: false; readonly problem: TrainingProblem };

type Refusal = Extract<Accepted, { ok: false }>;

/** Never throws for what a trainer did; throws what is wrong with this machine. */
export async function checkResult(
  folder: TrainingFolder,
  expected: Expected,
  signal: AbortSignal,
): Promise<Accepted> {
  const text = await resultText(folder);
  if (text === undefined)
    return refuse('result_missing', 'there is no result.json', remedies.write);
  let result: Result;
  try {
    result = readResult(text);
  } catch (error) {
    return refused('result_invalid', asFault(error));
  }
  const hash = await hashOf(folder.onnx);
  if (hash === undefined) {
    return refuse('result_missing', 'there is no model.onnx of a size we take', remedies.write);
  }
  if (hash !== result.sha256) {
    const message = `model.onnx is ${hash.slice(0, 12)}, result.json says ${result.sha256.slice(0, 12)}`;
    return refuse('hash_differs', message, 'Write result.json last, with the hash of the file.');
  }
  const given = documentOf(expected.declaration, result);
  const all = await bundleUnits(folder.bundle);
  const units = chosenUnits(all);
  const question = {
    onnx: folder.onnx,
    document: given,
    clips: bundleClips(folder.bundle),
    units,
    golden: result.golden,
    keptInputs: goldenPairs,
    latencyRuns: 1,
  };
  let report: LabReport;
  try {
    report = await askLab(question, signal);
  } catch (error) {
    const fault = asFault(error);
    if (fault.code !== 'corrupt' && fault.code !== 'timeout') throw error;
    return refused('onnx_broken', fault);
  }
  return judge({ result, report, units, given, expected });
}

interface Judging {
  readonly result: Result;
  readonly report: LabReport;
  readonly units: readonly BundleUnit[];
  readonly given: object;
  readonly expected: Expected;
}

function judge(of: Judging): Accepted {
  const { result, report, expected } = of;
  const difference = changed(of);
  const isWanted = expected.breaking || difference === undefined;
  if (!isWanted) return refuse(difference.code, difference.message, remedies.breaking);
  if (report.fault !== undefined) {
    const code = report.fault.code === 'invalid' ? 'shape_changed' : 'onnx_broken';
    return refuse(code, report.fault.message, report.fault.remedy ?? remedies.export);
  }
  const infinite = report.units.filter(({ logits }) =>
    logits.some((frame) => frame.some((value) => value === null)),
  );
  if (infinite.length > 0) {
    const message = `${infinite.length} of ${report.units.length} units give NaN or infinity`;
    return refuse('not_finite', message, 'Lower the learning rate, or look at the training data.');
  }
  const worst = report.goldenDifferences.find((one) => one === null || one > goldenTolerance);
  if (worst !== undefined) {
    const message = `ONNX Runtime gives ${String(worst)} other logits than the trainer`;
    return refuse('differs_from_trainer', message, remedies.export);
  }
  return withMetric(of, result);
}

/** What robots would notice, from result.json and from the file itself. */
function changed({ result, report, expected }: Judging): Difference | undefined {
  const { declaration, classes } = expected;
  const input = expected.input ?? result.input.shape;
  const [told] = differencesOf(result, declaration, { input, classes });
  if (told !== undefined) return told;
  const real = report.inputs.find(({ name }) => name === result.input.name)?.dimensions;
  const said = result.input.shape;
  if (real !== undefined && real.slice(1).join(' x ') !== said.slice(1).join(' x ')) {
    const message = `the file takes ${real.join(' x ')}, result.json says ${said.join(' x ')}`;
    return { code: 'shape_changed', message };
  }
  if (report.classes === undefined || report.classes.join('\n') === result.classes.join('\n')) {
    return undefined;
  }
  const message = `the file names the classes ${report.classes.join(', ')}, result.json others`;
  return { code: 'classes_changed', message };
}

/** The trainer's accuracy on the calibration units, computed by us. */
function withMetric({ report, units, given, expected }: Judging, result: Result): Accepted {
  const { classes, temperature = 1, metrics } = result;
  const reading = { classes: classes.length, temperature };
  let [n, right, unread] = [0, 0, 0];
  units.forEach((unit, i) => {
    const { logits = [], fault } = report.units[i] ?? {};
    if (fault !== undefined || logits.length === 0) {
      unread += 1;
      return;
    }
    if (unit.split !== 'calibration') return;
    n += 1;
    const frames = logits.map((frame) => frame.map((value) => value ?? Number.NaN));
    if (classes[topIndex(unitProbabilities(frames, reading))] === unit.class) right += 1;
  });
  if (units.length > 0 && unread === units.length) {
    return refuse('not_finite', 'no unit of the bundle can be read', remedies.data);
  }
  const accuracy = n === 0 ? null : right / n;
  const said = metrics.calibration.accuracy;
  const away = accuracy === null || said === null ? 0 : Math.abs(accuracy - said);
  const isCounted = (accuracy === null) === (said === null);
  // Half a unit more, so that one unit that is read otherwise cannot decide a tiny split.
  if (!isCounted || away > metricTolerance + (n === 0 ? 0 : 0.5 / n)) {
    const message = `the trainer says accuracy ${String(said)} on calibration, we find ${String(accuracy)}`;
    return refuse('metric_differs', message, remedies.data);
  }
  const golden = report.kept.map(({ input, output }) => ({ input, output }));
  const document = { ...expected.declaration, ...given, golden };
  return { ok: true, result, document, accuracy, calibrationUnits: n };
}

/** All calibration units, and enough others that finite outputs can be believed. */
function chosenUnits(units: readonly BundleUnit[]): readonly BundleUnit[] {
  const calibration = units.filter(({ split }) => split === 'calibration');
  const others = units.filter(({ split }) => split === 'train');
  const wanted = Math.max(0, finiteUnits - calibration.length);
  const step = Math.max(1, Math.floor(others.length / Math.max(1, wanted)));
  return [...calibration, ...others.filter((_, i) => i % step === 0).slice(0, wanted)];
}

/** The declaration with what only the trained model knows. */
function documentOf(declaration: Declaration, { input, output, classes, temperature }: Result) {
  const { name, mean, std } = input;
  const { logits, embedding } = output;
  return {
    ...declaration,
    classes,
    input: {
      ...declaration.input,
      name,
      ...(mean === undefined ? {} : { mean }),
      ...(std === undefined ? {} : { std }),
    },
    output: { logits, ...(embedding === undefined ? {} : { embedding }) },
    temperature: temperature ?? 1,
    tolerance: goldenTolerance,
  };
}

async function hashOf(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maxOnnxBytes) return undefined;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
    return hash.digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const remedies = {
  write: 'Write model.onnx, then result.json, as docs/reference/trainer.md has it.',
  breaking: 'Train with the shapes and classes of the base, or ask for it with breaking: true.',
  export: 'Export the model again; try it with ONNX Runtime 1.30 on one input.',
  data: 'Let the trainer judge each calibration unit as docs/reference/trainer.md has it.',
} as const;

const refuse = (code: ProblemCode, message: string, remedy: string): Refusal => ({
  ok: false,
  problem: { code, message, remedy },
});

const refused = (code: ProblemCode, { message, remedy }: Fault): Refusal =>
  refuse(code, message, remedy ?? remedies.export);
