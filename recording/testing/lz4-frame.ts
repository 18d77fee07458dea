/** An LZ4 frame of stored blocks (LZ4 frame format 1.6.1): valid, though nothing is compressed. */
const blockBytes = 65_536;

/** Version 1, independent blocks, at most 64 KiB each; the last byte is their header checksum. */
const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);

export function lz4Frame(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [head];
  for (let at = 0; at < data.length; at += blockBytes) {
    const block = data.subarray(at, at + blockBytes);
    const size = Buffer.alloc(4);
    // The highest bit says that the block is stored.
    size.writeUInt32LE((block.length | 0x8000_0000) >>> 0);
    parts.push(size, block);
  }
  parts.push(Buffer.alloc(4));
  return new Uint8Array(Buffer.concat(parts));
}
