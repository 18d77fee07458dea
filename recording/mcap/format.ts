/** Numbers of the MCAP format (mcap.dev/spec, major version 0). */
export const magic = new Uint8Array([0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a]);

export const opcode = {
  header: 0x01,
  footer: 0x02,
  schema: 0x03,
  channel: 0x04,
  message: 0x05,
  chunk: 0x06,
  messageIndex: 0x07,
  chunkIndex: 0x08,
  attachment: 0x09,
  attachmentIndex: 0x0a,
  statistics: 0x0b,
  metadata: 0x0c,
  metadataIndex: 0x0d,
  summaryOffset: 0x0e,
  dataEnd: 0x0f,
} as const;

const names = [
  'opcode 0x00',
  'Header',
  'Footer',
  'Schema',
  'Channel',
  'Message',
  'Chunk',
  'MessageIndex',
  'ChunkIndex',
  'Attachment',
  'AttachmentIndex',
  'Statistics',
  'Metadata',
  'MetadataIndex',
  'SummaryOffset',
  'DataEnd',
] as const;

export function opcodeName(code: number): string {
  return names[code] ?? `opcode 0x${code.toString(16).padStart(2, '0')}`;
}

/** Opcode and length in front of every record. */
export const recordHead = 9;

/** Channel, sequence, log time and publish time in front of a message's data. */
export const messageHead = 22;

/** Opcode and length of the footer, and its two offsets: what the summary's CRC covers of it. */
export const footerSummed = 25;
