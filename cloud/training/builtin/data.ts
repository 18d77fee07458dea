/** The bundle as rows of numbers. */
import { didYouMean, Fault } from '@fieldloop/core';
import type { ModelInput } from '@fieldloop/learning';
import { bundleClips, type BundleUnit, bundleUnits } from '../lab/bundle.ts';
import { unitFrames } from '../lab/units.ts';

export interface Labelled {
  readonly truth: number;
  /** One a frame. */
  readonly frames: readonly Float32Array[];
  /** Not drawn by chance, but for what it is. */
  readonly isChosen: boolean;
}

export interface Data {
  readonly train: readonly Labelled[];
  readonly calibration: readonly Labelled[];
  /** Units whose frames could not be read. */
  readonly skipped: number;
}

/** More unreadable units than this share, and nothing is trained. */
const mostSkipped = 0.01;

/** `onUnit` hears of each unit. Faults: a class that is not known, too many units unreadable. */
export async function readData(
  from: {
    readonly folder: string;
    readonly input: ModelInput;
    readonly classes: readonly string[];
  },
  onUnit: () => Promise<void>,
): Promise<Data> {
  const units = await bundleUnits(from.folder);
  const train: Labelled[] = [];
  const calibration: Labelled[] = [];
  const faults: Fault[] = [];
  const clips = { clips: bundleClips(from.folder), input: from.input };
  for await (const { unit, tensors, fault } of unitFrames<BundleUnit>(units, clips)) {
    await onUnit();
    if (fault !== undefined) {
      faults.push(fault);
      continue;
    }
    const truth = classIndex(unit.class, from.classes);
    (unit.split === 'train' ? train : calibration).push({
      truth,
      frames: tensors,
      isChosen: unit.isChosen,
    });
  }
  if (faults.length > mostSkipped * units.length) {
    const [first] = faults;
    throw new Fault(
      'corrupt',
      `${faults.length} of ${units.length} units cannot be read: ${first?.message ?? ''}`,
      { place: first?.place, remedy: first?.remedy },
    );
  }
  if (train.length > 0) return { train, calibration, skipped: faults.length };
  throw new Fault('invalid', 'the bundle has no classified unit in its train split', {
    remedy: 'Label more, or build a version whose groups reach the train split.',
  });
}

function classIndex(name: string, classes: readonly string[]): number {
  const index = classes.indexOf(name);
  if (index >= 0) return index;
  throw new Fault('invalid', `the label "${name}" is no class of the model`, {
    remedy: `Its classes are ${classes.join(', ')}.${didYouMean(name, classes)}`,
  });
}

/** Mean and deviation of each number over all frames; a number that never moves is left alone. */
export function standardOf(rows: readonly Float32Array[]): {
  readonly mean: number[];
  readonly std: number[];
} {
  const size = rows[0]?.length ?? 0;
  const mean = Array.from({ length: size }, () => 0);
  for (const row of rows) {
    row.forEach((value, i) => {
      mean[i] = (mean[i] ?? 0) + value;
    });
  }
  for (let i = 0; i < size; i += 1) mean[i] = (mean[i] ?? 0) / rows.length;
  const std = mean.map((middle, i) => {
    let sum = 0;
    for (const row of rows) sum += ((row[i] ?? 0) - middle) ** 2;
    return Math.sqrt(sum / rows.length) || 1;
  });
  return { mean, std };
}
