/** What a Zstandard frame says of its content (RFC 8878, 3.1.1.1). */

/** rosbag2 packs single messages as frames; the head of no CDR message looks like this. */
export function isZstdFrame(bytes: Uint8Array, at = 0): boolean {
  return (
    bytes[at] === 0x28 && bytes[at + 1] === 0xb5 && bytes[at + 2] === 0x2f && bytes[at + 3] === 0xfd
  );
}

/** Bytes of the content; undefined when the frame does not state them. */
export function zstdContentSize(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (isSingle ? 0 : 1) + dictionary;
  const flag = descriptor >> 6;
  const width = flag === 0 ? (isSingle ? 1 : 0) : 2 ** flag;
  if (width === 0 || at + width > frame.length) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true) + 256;
  if (width === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}
