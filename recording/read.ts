/** Any recording as a stream of items: looks at the first bytes and takes the reader for them. */
import { damaged, remedies } from './damage.ts';
import { isZstdFrame } from './db3/frame-size.ts';
import { sqliteMagic } from './db3/pages.ts';
import { readDb3 } from './db3/reader.ts';
import { magic as mcapMagic } from './mcap/format.ts';
import { readMcap } from './mcap/parser.ts';
import type { ReadOptions } from './options.ts';
import { readBag } from './rosbag1/reader.ts';
import type { Readable, RecordingFormat, RecordingItem } from './types.ts';

/**
 * Items in file order, in bounded memory. A damaged recording gives everything before the damage
 * and then one Fault that names the file, the byte offset, what was expected and a remedy.
 */
export async function* readRecording(
  readable: Readable,
  options: ReadOptions = {},
): AsyncGenerator<RecordingItem, void> {
  const format = options.format ?? (await formatOf(readable));
  yield* readers[format](readable, options);
}

const readers = { mcap: readMcap, rosbag1: readBag, db3: readDb3 } as const;

/** By the first bytes; Fault `corrupt` when they are of no format that is read. */
export async function formatOf(readable: Readable): Promise<RecordingFormat> {
  const bytes = await readable.read(0, 16);
  const text = Buffer.from(bytes).toString('latin1');
  if (text.startsWith('#ROSBAG')) return 'rosbag1';
  if (text === sqliteMagic) return 'db3';
  if (bytes.length > 0 && mcapMagic.every((byte, i) => i >= bytes.length || bytes[i] === byte)) {
    return 'mcap';
  }
  const isPacked = isZstdFrame(bytes);
  throw damaged({
    name: readable.name,
    offset: 0,
    record: 'Magic',
    code: isPacked ? 'invalid' : 'corrupt',
    message: whatElse(bytes.length, isPacked),
    expected: 'an MCAP file, a ROS 1 bag or a rosbag2 db3',
    remedy: isPacked ? 'Unpack it first: `zstd -d FILE`.' : remedies.foreign,
  });
}

function whatElse(length: number, isPacked: boolean): string {
  if (length === 0) return 'the file is empty';
  if (isPacked) return 'a file packed whole with Zstandard (as rosbag2 does with db3.zstd)';
  return 'neither an MCAP file nor a ROS 1 bag nor a rosbag2 db3';
}
