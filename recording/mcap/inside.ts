/** Bytes of a file that an index names. */
import { damaged } from '../damage.ts';
import type { Readable } from '../types.ts';

/** Refused when they are outside the file or too many. `into` may be used when it is large enough. */
export async function readInside(
  readable: Readable,
  offset: number,
  length: number,
  how: { readonly most: number; readonly into?: Uint8Array | undefined },
): Promise<Uint8Array> {
  const { name, size = 0 } = readable;
  const { most, into } = how;
  const outside = offset < 0 || length < 0 || offset + length > size;
  if (outside || length > most) {
    throw damaged({
      name,
      offset,
      record: 'Index',
      message: `points to ${length} bytes at ${offset} of ${size}`,
      expected: `at most ${most} bytes inside the file`,
      code: outside ? 'corrupt' : 'limited',
    });
  }
  const bytes = await readable.read(offset, length, into);
  if (bytes.length === length) return bytes;
  throw damaged({
    name,
    offset: offset + bytes.length,
    record: 'File',
    message: `ends after ${bytes.length} of ${length} bytes`,
    expected: 'the bytes that its index names',
  });
}
