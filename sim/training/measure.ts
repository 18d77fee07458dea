/** How good the classifier is where robots really go: full-size pictures of worlds apart. */
import {
  entropy,
  imageToTensor,
  logitsOf,
  type Network,
  softmax,
  topIndex,
} from '@fieldloop/learning';
import type { Studio } from '../camera/canvas.ts';
import { frameSize, renderFrame } from '../camera/render.ts';
import { decodeJpeg, encodeJpeg } from '../jpeg.ts';
import { modelInput } from '../model-input.ts';
import { classes, whatIsAhead } from '../world/ahead.ts';
import { offsetPose, type Pose } from '../world/geometry.ts';
import { zoneAt, zones, zoneShare } from '../world/layout.ts';
import { cameraMount, cameraPose } from '../world/robot.ts';
import { openWorld } from '../world/world.ts';

/** `hall` is where no zone is within 3 m or 8 m ahead; `near zone` is the rest of the hall. */
export type Place = 'hall' | 'near zone' | 'cold-store' | 'dock';

export interface Reading {
  readonly seed: string;
  readonly robot: string;
  readonly tick: number;
  readonly place: Place;
  readonly speed: number;
  readonly ahead: string;
  readonly top: string;
  readonly entropy: number;
}

/** What the classifier says of five frames a second of three robots in each world. */
export async function readWorlds(
  network: Network,
  studio: Studio,
  options: { readonly seeds: readonly string[]; readonly seconds: number },
): Promise<Reading[]> {
  const readings: Reading[] = [];
  for (const seed of options.seeds) {
    const world = openWorld({ seed, robots: 3 });
    while (world.tick < options.seconds * 100) {
      world.step();
      if (world.tick % 20 !== 0) continue;
      for (const robot of world.robots) {
        const pose = cameraPose(robot);
        const others = world.others(robot);
        const eye = { ...pose, height: cameraMount.height };
        const pixels = renderFrame(studio, eye, others, { ...frameSize, grain: world.tick });
        const image = await decodeJpeg(await encodeJpeg(pixels, frameSize));
        const tensor = imageToTensor({ ...image, channels: 3 }, modelInput);
        const p = softmax(logitsOf(network, tensor));
        readings.push({
          seed,
          robot: robot.name,
          tick: world.tick,
          place: placeOf(pose),
          speed: robot.speed,
          ahead: whatIsAhead(pose, others),
          top: classes[topIndex(p)] ?? '',
          entropy: entropy(p),
        });
      }
    }
  }
  return readings;
}

function placeOf(pose: Pose): Place {
  const zone = zoneAt(pose);
  if (zone !== 'hall') return zone;
  const isBeside = zones.some((near) => zoneShare(pose, near, 3) > 0);
  const looksIn = [2, 4, 6, 8].some((metres) => zoneAt(offsetPose(pose, metres, 0)) !== 'hall');
  return isBeside || looksIn ? 'near zone' : 'hall';
}

export interface PlaceReport {
  readonly place: Place;
  readonly frames: number;
  readonly accuracy: number;
  readonly median: number;
  readonly below03: number;
  readonly above065: number;
  /** Times that a moving robot's entropy came to stay above 0.65 for a second. */
  readonly episodes: number;
  /** Stays of at least 4 s, and those with such a second among them. */
  readonly stays: number;
  readonly flaggedStays: number;
}

export const places: readonly Place[] = ['hall', 'near zone', 'cold-store', 'dock'];

/** Figures of the frames in which the robot moved. */
export function reportOf(readings: readonly Reading[]): readonly PlaceReport[] {
  const moving = readings.filter((reading) => reading.speed > 0.1);
  return places.map((place) => {
    const here = moving.filter((reading) => reading.place === place);
    const share = (test: (reading: Reading) => boolean): number =>
      here.filter(test).length / Math.max(1, here.length);
    const sorted = here.map((reading) => reading.entropy).sort((a, b) => a - b);
    return {
      place,
      frames: here.length,
      accuracy: share((reading) => reading.ahead === reading.top),
      median: sorted[Math.floor(sorted.length / 2)] ?? 0,
      below03: share((reading) => reading.entropy < 0.3),
      above065: share((reading) => reading.entropy > 0.65),
      ...episodesIn(readings, place),
    };
  });
}

/** Frames of the second that makes an episode, and of the shortest stay that counts. */
const episodeFrames = 6;
const stayFrames = 20;

function episodesIn(
  readings: readonly Reading[],
  place: Place,
): Pick<PlaceReport, 'episodes' | 'stays' | 'flaggedStays'> {
  const byRobot = Map.groupBy(readings, ({ seed, robot }) => `${seed}/${robot}`);
  const found = { episodes: 0, stays: 0, flaggedStays: 0 };
  for (const frames of byRobot.values()) {
    let high = 0;
    let stay = 0;
    let isFlagged = false;
    for (const frame of frames) {
      high = frame.entropy > 0.65 && frame.speed > 0.1 ? high + 1 : 0;
      if (frame.place !== place) {
        stay = 0;
        isFlagged = false;
        continue;
      }
      stay += 1;
      if (high === episodeFrames) found.episodes += 1;
      const wasFlagged = isFlagged;
      isFlagged ||= high >= episodeFrames;
      if (stay === stayFrames) found.stays += 1;
      const isNew = stay === stayFrames ? isFlagged : stay > stayFrames && isFlagged && !wasFlagged;
      if (isNew) found.flaggedStays += 1;
    }
  }
  return found;
}

/** Share of right answers in the hall, a class at a time. */
export function recalls(readings: readonly Reading[]): ReadonlyMap<string, number> {
  return new Map(
    classes.map((name) => {
      const here = readings.filter(({ place, ahead }) => place === 'hall' && ahead === name);
      return [name, here.filter(({ top }) => top === name).length / Math.max(1, here.length)];
    }),
  );
}
