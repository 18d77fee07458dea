/** A process that spools without end until it is killed, for `overflow.test.ts`. */
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { openOverflow } from './overflow.ts';
import { blockOf } from './testing.ts';

const folder = process.argv[2] ?? '';
const deps = { clock: systemClock, log: silentLog, onOff: () => undefined };
const options = { folder, maxBytes: 1e9, headroomBytes: 0, key: new Uint8Array(32) };
const spool = await openOverflow(options, deps);
for (let i = 0; ; i += 1) {
  const data = new Uint8Array(100_000).fill(i);
  const way = await spool.take(blockOf([{ channelId: 1, atNs: BigInt(i), data }]), true);
  await way?.done;
  process.stdout.write(`${i}\n`);
}
