/** The lines of a bundle that a trainer learns from. The data set part writes them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import type { Unit } from './units.ts';

export interface BundleUnit extends Unit {
  readonly class: string;
  readonly split: 'train' | 'calibration';
  /** By a name, a score or how far it is from others: it stands for no other moment. */
  readonly isChosen: boolean;
}

const choosingLanes = ['named', 'capture', 'diversity'];

interface Line {
  readonly clipSha256: string;
  readonly range: { readonly startNs: string; readonly endNs: string };
  readonly type: string;
  readonly class?: string;
  readonly split: string;
  readonly selectedBy?: { readonly lane?: string };
}

export const bundleClips = (folder: string): string => join(folder, 'clips');

/** Classification alone: other labels of the same version are another model's. */
export async function bundleUnits(folder: string): Promise<readonly BundleUnit[]> {
  const text = await readFile(join(folder, 'items.ndjson'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .flatMap(({ clipSha256, range, type, class: name, split, selectedBy }) => {
      if (type !== 'classification' || name === undefined) return [];
      if (split !== 'train' && split !== 'calibration') {
        throw new Fault('corrupt', `the bundle holds an item of the ${split} split`, {
          place: join(folder, 'items.ndjson'),
          remedy: 'Report it: what models are tested on must not reach a trainer.',
        });
      }
      const startNs = BigInt(range.startNs);
      const endNs = BigInt(range.endNs);
      const isChosen = choosingLanes.includes(selectedBy?.lane ?? '');
      return [{ clipSha256, startNs, endNs, class: name, split, isChosen }];
    });
}
