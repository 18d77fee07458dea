/**
 * A recorder as a process of its own, for a test that kills it: it writes an MCAP in chunks, some
 * of them in pieces, as fast as the disk takes it, and says on stdout how far each chunk reached.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { chunkEnds, mcapBytes } from './recorder.cases.ts';

const [path = '', count = '3000', first = '0'] = process.argv.slice(2);
const said = Array.from({ length: Number(count) }, (_, i) => ({
  topic: '/odom',
  atNs: 1_700_000_000_000_000_000n + BigInt(Number(first) + i) * 10_000_000n,
  // What does not shrink, so that chunks are as long as those of sensors.
  value: { i: Number(first) + i, pad: noise(i) },
}));

function noise(seed: number): string {
  let state = seed + 1;
  return Array.from({ length: 150 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state.toString(36);
  }).join('');
}

const bytes = await mcapBytes(said);
const file = openSync(path, 'w');
let at = 0;
for (const end of [...chunkEnds(bytes), bytes.length]) {
  // A write may end anywhere, and so may a kill.
  while (at < end) at += writeSync(file, bytes, at, Math.min(40_000, end - at));
  process.stdout.write(`${at}\n`);
}
closeSync(file);
