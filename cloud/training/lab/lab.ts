/** Asks the laboratory: one process a question, which may die of what it is given. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '@fieldloop/core';
import { labMs, latencyRuns } from '../../training-limits.ts';
import type { LabGolden, LabJob, LabReport, LabUnit } from './report.ts';
import { ownEnvironment } from '../own-program.ts';
import type { Unit } from './units.ts';

export interface LabQuestion {
  /** Path of the model. */
  readonly onnx: string;
  /** What its model.yaml holds; golden pairs and version may be missing. */
  readonly document: object;
  /** Folder of `<sha256>.mcap`. */
  readonly clips: string;
  readonly units: readonly Unit[];
  readonly golden?: readonly LabGolden[] | undefined;
  readonly keptInputs?: number | undefined;
  readonly latencyRuns?: number | undefined;
}

/**
 * Fault `corrupt` when the model ends the process that runs it, `timeout` when it takes too long,
 * `cancelled` on request. That it cannot be run is in the report.
 */
export async function askLab(
  { document, units, golden = [], keptInputs = 0, ...question }: LabQuestion,
  signal: AbortSignal,
): Promise<LabReport> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-lab-'));
  try {
    const job: LabJob = {
      onnx: question.onnx,
      clips: question.clips,
      document: join(folder, 'document.json'),
      units: join(folder, 'units.ndjson'),
      report: join(folder, 'report.json'),
      golden,
      keptInputs,
      latencyRuns: question.latencyRuns ?? latencyRuns,
    };
    await writeFile(job.document, JSON.stringify(document));
    await writeFile(job.units, units.map(unitLine).join(''));
    const path = join(folder, 'job.json');
    await writeFile(path, JSON.stringify(job));
    await runProcess(path, signal);
    return JSON.parse(await readFile(job.report, 'utf8')) as LabReport;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function unitLine({ startNs, endNs, ...same }: Unit): string {
  const unit: LabUnit = { ...same, startNs: String(startNs), endNs: String(endNs) };
  return `${JSON.stringify(unit)}\n`;
}

const entry = fileURLToPath(new URL('./main.ts', import.meta.url));

async function runProcess(job: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [entry, job], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...ownEnvironment() },
    timeout: labMs,
    killSignal: 'SIGKILL',
  });
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  let said = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    said = `${said}${text}`.slice(-4000);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal.throwIfAborted();
    if (code === 0) return;
    const isLate = code === null && child.killed;
    throw new Fault(
      isLate ? 'timeout' : 'corrupt',
      isLate
        ? `the model was not done after ${labMs / 60_000} minutes`
        : `the model ended the process that ran it (exit ${String(code)})`,
      { remedy: 'Export the model again, and run it with ONNX Runtime 1.30.', details: { said } },
    );
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
