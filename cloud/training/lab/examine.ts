/** What the laboratory does in its process. */
import { readFile } from 'node:fs/promises';
import { arch, cpus } from 'node:os';
import { Fault } from '@fieldloop/core';
import { classesOf, parseClassifier, readOnnx } from '@fieldloop/learning';
import { wordsOf } from '../../store/fault-words.ts';
import { type OnnxSession, openOnnx } from '../onnx.ts';
import type { LabGolden, LabJob, LabReport, LabUnit, LabUnitReport } from './report.ts';
import { type Unit, unitFrames } from './units.ts';

type Document = ReturnType<typeof parseClassifier>;

interface Numbered extends Unit {
  readonly n: number;
}

/** Never throws for what is wrong with the model: that is in the report. */
export async function examine(of: LabJob): Promise<LabReport> {
  const nothing: LabReport = {
    inputs: [],
    outputs: [],
    units: [],
    kept: [],
    goldenDifferences: [],
    latencyMs: { p50: 0, p99: 0 },
    memoryBytes: 0,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'} (${arch()})`,
    runtime: `node ${process.versions.node}`,
  };
  try {
    const bytes = await readFile(of.onnx);
    await using session = await openOnnx(bytes, of.onnx);
    const ends = { inputs: session.inputs, outputs: session.outputs };
    const known = { ...nothing, ...ends, classes: classesOf(readOnnx(bytes)) };
    const document = documentOf(await readFile(of.document, 'utf8'));
    const missing = missingEnd(session, document);
    if (missing !== undefined) return { ...known, fault: wordsOf(missing) };
    return { ...known, ...(await runAll(of, session, document)) };
  } catch (error) {
    return { ...nothing, fault: wordsOf(error) };
  }
}

/** Golden pairs and a version are what the laboratory helps to make: they may be missing yet. */
function documentOf(text: string): Document {
  const { golden: _golden, ...given } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const size = parseSize(given);
  const classes = (given['classes'] as readonly unknown[]).length;
  const { logits } = given['output'] as { readonly logits: string | readonly string[] };
  const heads = typeof logits === 'string' ? 1 : logits.length;
  const pair = { input: Array(size).fill(0), output: Array(classes * heads).fill(0) };
  return parseClassifier({ version: '0', ...given, golden: [pair] });
}

function parseSize(given: Readonly<Record<string, unknown>>): number {
  const { size, width, height, colour } = given['input'] as Readonly<Record<string, unknown>>;
  if (typeof size === 'number') return size;
  return Number(width) * Number(height) * (colour === 'gray' ? 1 : 3);
}

function missingEnd(session: OnnxSession, { inputName, output }: Document): Fault | undefined {
  const input = session.inputs.find(({ name }) => name === inputName);
  const head = output.heads.find((name) => !session.outputs.some((one) => one.name === name));
  if (input !== undefined && head === undefined) return undefined;
  const what = input === undefined ? `input ${inputName}` : `output ${String(head)}`;
  const names = [...session.inputs, ...session.outputs].map(({ name }) => name).join(', ');
  return new Fault('invalid', `the model has no ${what}; it has ${names}`, {
    remedy: 'Let model.yaml, or result.json of the trainer, name them as model.onnx does.',
  });
}

type Run = (tensor: Float32Array) => Promise<readonly Float32Array[]>;

async function runAll(of: LabJob, session: OnnxSession, document: Document) {
  const dimensions = dimensionsOf(session, document);
  const run: Run = async (tensor) =>
    await session.run({
      input: document.inputName,
      outputs: document.output.heads,
      tensor,
      dimensions,
    });
  const lines = (await readFile(of.units, 'utf8')).split('\n').filter((line) => line !== '');
  const units = lines.map((line, n) => ({ n, ...unitOf(JSON.parse(line) as LabUnit) }));
  const reports: LabUnitReport[] = units.map(() => ({ logits: [] }));
  const kept: LabGolden[] = [];
  const from = { clips: of.clips, input: document.input };
  for await (const { unit, tensors, fault } of unitFrames<Numbered>(units, from)) {
    const logits: (number | null)[][] = [];
    for (const tensor of tensors) {
      const output = whole(await run(tensor));
      logits.push(output.map((value) => (Number.isFinite(value) ? value : null)));
      if (kept.length < of.keptInputs && unit.n < reports.length && output.every(Number.isFinite)) {
        kept.push({ input: [...tensor], output });
      }
    }
    reports[unit.n] = { logits, ...(fault === undefined ? {} : { fault: wordsOf(fault) }) };
  }
  const goldenDifferences = await differences(of.golden, run, document);
  const latencyMs = await latency(of, run, document);
  const memoryBytes = process.memoryUsage().rss;
  return { units: reports, kept, goldenDifferences, latencyMs, memoryBytes };
}

const unitOf = ({ startNs, endNs, ...same }: LabUnit): Unit => ({
  ...same,
  startNs: BigInt(startNs),
  endNs: BigInt(endNs),
});

const whole = (heads: readonly Float32Array[]): number[] => heads.flatMap((head) => [...head]);

/** A batch of one; what has no size yet is one. */
function dimensionsOf(session: OnnxSession, document: Document): readonly number[] {
  const shape = session.inputs.find(({ name }) => name === document.inputName)?.dimensions ?? [];
  const sizes = shape.map((size) => (typeof size === 'number' && size > 0 ? size : 1));
  const product = sizes.reduce((all, size) => all * size, 1);
  if (product === document.inputSize) return sizes;
  throw new Fault(
    'invalid',
    `the model takes ${shape.join(' x ')}, the declaration gives it ${document.inputSize} numbers`,
    { remedy: 'Train with the input that model.yaml declares, or say that the change is wanted.' },
  );
}

async function differences(
  golden: readonly LabGolden[],
  run: Run,
  { inputSize }: Document,
): Promise<readonly (number | null)[]> {
  const found: (number | null)[] = [];
  for (const { input, output } of golden) {
    if (input.length !== inputSize) {
      found.push(null);
      continue;
    }
    const given = whole(await run(Float32Array.from(input)));
    const most = given.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - (output[i] ?? Number.NaN))),
      0,
    );
    found.push(Number.isFinite(most) && given.length === output.length ? most : null);
  }
  return found;
}

async function latency(
  { latencyRuns, golden }: LabJob,
  run: Run,
  { inputSize }: Document,
): Promise<LabReport['latencyMs']> {
  const [first] = golden;
  const input =
    first?.input.length === inputSize
      ? Float32Array.from(first.input)
      : new Float32Array(inputSize);
  const times: number[] = [];
  for (let i = 0; i < latencyRuns; i += 1) {
    const from = performance.now();
    await run(input);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
