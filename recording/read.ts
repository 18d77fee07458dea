/** Any recording as a stream of items: looks at the first bytes and takes the reader for them. */
import { damaged, remedies } from './damage.ts';
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
  yield* format === 'mcap' ? readMcap(readable, options) : readBag(readable, options);
}

/** By the first bytes; Fault `corrupt` when they are of neither format. */
export async function formatOf(readable: Readable): Promise<RecordingFormat> {
  const bytes = await readable.read(0, 16);
  const text = Buffer.from(bytes).toString('latin1');
  if (text.startsWith('#ROSBAG')) return 'rosbag1';
  if (bytes.length > 0 && mcapMagic.every((byte, i) => i >= bytes.length || bytes[i] === byte)) {
    return 'mcap';
  }
  throw damaged({
    name: readable.name,
    offset: 0,
    record: 'Magic',
    code: text.startsWith('SQLite format 3') ? 'invalid' : 'corrupt',
    message: bytes.length === 0 ? 'the file is empty' : whatElse(text),
    expected: 'an MCAP file or a ROS 1 bag',
    remedy: text.startsWith('SQLite format 3')
      ? 'Convert it with `ros2 bag convert` to MCAP storage.'
      : remedies.foreign,
  });
}

function whatElse(text: string): string {
  if (text.startsWith('SQLite format 3')) return 'a rosbag2 database (db3)';
  return 'neither an MCAP file nor a ROS 1 bag';
}
