/** What the laboratory is asked and what it answers: JSON files between two processes. */
import type { FaultWords } from '../../store/fault-words.ts';
import type { Unit } from './units.ts';

export interface LabUnit extends Omit<Unit, 'startNs' | 'endNs'> {
  readonly startNs: string;
  readonly endNs: string;
}

export interface LabJob {
  /** Paths. */
  readonly onnx: string;
  /** JSON of what a model.yaml holds; golden pairs may be missing. */
  readonly document: string;
  /** Folder of the clips' files, and one JSON unit a line. */
  readonly clips: string;
  readonly units: string;
  readonly golden: readonly LabGolden[];
  /** How many inputs of units, as the model takes them, are to come back. */
  readonly keptInputs: number;
  readonly latencyRuns: number;
  /** Where the report goes. */
  readonly report: string;
}

export interface LabGolden {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** One frame of a unit: logits of each head, one head after the other. */
export interface LabUnitReport {
  readonly logits: readonly (readonly (number | null)[])[];
  readonly fault?: FaultWords | undefined;
}

export interface LabShape {
  readonly name: string;
  readonly type: string;
  readonly dimensions: readonly (number | string)[];
}

export interface LabReport {
  /** Set when the model cannot be run at all. */
  readonly fault?: FaultWords | undefined;
  readonly inputs: readonly LabShape[];
  readonly outputs: readonly LabShape[];
  /** In the file's own notes. */
  readonly classes?: readonly string[] | undefined;
  /** In the order of the units. A number that is not finite is null. */
  readonly units: readonly LabUnitReport[];
  readonly kept: readonly LabGolden[];
  /** Largest difference to each golden pair; null when it is not finite. */
  readonly goldenDifferences: readonly (number | null)[];
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly memoryBytes: number;
  readonly machine: string;
  readonly runtime: string;
}
