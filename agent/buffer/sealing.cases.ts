/**
 * A process of its own that seals clips and has every third acknowledged, without end, and says on
 * stdout what it did: `node sealing.cases.ts DIR SEED`. `kill.test.ts` kills it.
 */
import { writeSync } from 'node:fs';
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { openBuffer } from './buffer.ts';
import { makeClip, writePart } from './clip-file.cases.ts';

const [dir = '', seed = ''] = process.argv.slice(2);
const random = seededRandom(seed);
const buffer = await openBuffer({
  dir,
  quotaBytes: 1e9,
  headroomBytes: 0,
  clock: systemClock,
  ids: systemIds,
  log: silentLog,
});
const say = (what: string, clipId: string): void => {
  writeSync(1, `${what} ${clipId}\n`);
};

for (let i = 0; ; i += 1) {
  const payloadBytes = 100 + random.integer(40_000);
  const clip = makeClip(random, { payloadBytes });
  say(`cutting ${clip.sha256}`, clip.clipId);
  const cut = await writePart(buffer.partPath(clip.clipId), clip);
  say('cut', clip.clipId);
  await buffer.seal(cut);
  say('sealed', clip.clipId);
  if (i % 3 !== 2) continue;
  const range = buffer.rows.ranges().find((one) => one.lane === 'manifests');
  buffer.rows.stored('manifests', range?.origin ?? 0n, { through: range?.highest ?? 0 });
  buffer.clips.hold(clip.clipId);
  say('acknowledging', clip.clipId);
  await buffer.clips.acknowledged(clip.clipId, clip.sha256);
  say('acknowledged', clip.clipId);
}
