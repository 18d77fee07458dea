/** What windows and clips of all sources share: the spool on the disk, and what draws pictures. */
import type { Clock, Log } from '@fieldloop/core';
import { detectorOf } from './clip/detector.ts';
import type { Pictures } from './clip/redact-image.ts';
import type { DataSettings } from './messages.ts';
import type { Outlet } from './outlet.ts';
import type { Scoring } from './score/scoring.ts';
import { clearOverflow, openOverflow, type Overflow } from './window/overflow.ts';

export interface ClipMeans extends AsyncDisposable {
  /** Absent when the configuration gives it no bytes. */
  readonly spool: Overflow | undefined;
  readonly pictures: Pictures;
}

export interface MeansDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly outlet: Pick<Outlet, 'notice'>;
  readonly scoring: Pick<Scoring, 'ask'>;
  /** Chance for the key of the spool. */
  readonly randomBytes: (length: number) => Uint8Array;
}

export async function openClipMeans(
  { spool: wish }: Pick<DataSettings, 'spool'>,
  deps: MeansDeps,
): Promise<ClipMeans> {
  const spool = await openOwnSpool(wish, deps);
  return {
    spool,
    pictures: picturesOf(deps.scoring),
    [Symbol.asyncDispose]: async () => await spool?.[Symbol.asyncDispose](),
  };
}

/** A disk that does not let it is no reason not to record. */
async function openOwnSpool(
  { folder, maxBytes, headroomBytes }: DataSettings['spool'],
  { clock, log, outlet, randomBytes }: MeansDeps,
): Promise<Overflow | undefined> {
  const tell = (why: string): void => {
    const text = `blocks beyond window.memory are not kept until the disk works: ${why}`;
    void outlet.notice({ name: 'spool_off', severity: 'warning', text });
  };
  try {
    if (maxBytes === 0) {
      await clearOverflow(folder);
      return undefined;
    }
    const key = randomBytes(32);
    const options = { folder, maxBytes, headroomBytes, key };
    return await openOverflow(options, { clock, log, onOff: tell });
  } catch (error) {
    log.error('there is no spool', { folder, error });
    tell(error instanceof Error ? error.message : 'it cannot be opened');
    return undefined;
  }
}

/** sharp is loaded with the first picture: a robot without cameras never pays for it. */
function picturesOf(scoring: MeansDeps['scoring']): Pictures {
  const load = async () => (await import('./clip/pictures.ts')).sharpPictures;
  return {
    veil: async (image, how) => await (await load()).veil(image, how),
    veilRaw: async (pixels, regions) => await (await load()).veilRaw(pixels, regions),
    thumbnail: async (image) => await (await load()).thumbnail(image),
    regions: detectorOf(scoring),
  };
}
