/** Many labels with embeddings, as a year of a fleet leaves them: for measurements. */
import { seededRandom } from '@fieldloop/core';
import { deviceStore } from '../device/store.ts';
import type { Db } from '../store/db.ts';
import { plantClip, plantGround, plantLabels, type SampleLabel } from './dataset.sample.ts';

const classes = ['forward', 'left', 'right'] as const;

/** `count` labels in drives of 100, each with an embedding of `dimensions` numbers. */
export async function fillDataset(
  db: Db,
  of: { readonly count: number; readonly dimensions: number; readonly seed: number },
): Promise<void> {
  const random = seededRandom(of.seed);
  await deviceStore(db).create({ id: 'dev_1', name: 'amr-01', at: 1 });
  await plantGround(db);
  const centres = Array.from({ length: 200 }, () =>
    Array.from({ length: of.dimensions }, () => random.next() - 0.5),
  );
  for (let from = 0; from < of.count; from += 5000) {
    await db.transaction().execute(async (trx) => {
      const labels: SampleLabel[] = [];
      let clipId = '';
      for (let n = from; n < Math.min(from + 5000, of.count); n += 1) {
        const drive = Math.floor(n / 100);
        if (n % 100 === 0) clipId = await plantClip(trx, drive + 1);
        const centre = centres[Math.floor(random.next() * centres.length)] ?? [];
        labels.push({
          n: n + 1,
          clipId,
          deviceId: `dev_${drive % 50}`,
          session: `ses_${drive}`,
          class: classes[n % 3] ?? 'forward',
          frame: n % 100,
          lane: n % 5 === 0 ? 'audit' : 'capture',
          alpha: 0.9,
          embedding: centre.map((value) => value + (random.next() - 0.5) * 0.6),
        });
      }
      await plantLabels(trx, labels);
    });
  }
}
