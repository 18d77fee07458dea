/** Clips for tests: small whole MCAP files with the metadata that an agent's clip carries. */
import { open } from 'node:fs/promises';
import { drawBytes, type Json, type Random, sha256Hex, uuidText } from '@fieldloop/core';
import type { ClipClass, ClipManifest } from '@fieldloop/proto';
import type { CutClip, PreviewBytes } from './types.ts';

export interface ClipWish {
  readonly class?: ClipClass;
  readonly priority?: number;
  /** Bytes of the one message inside. */
  readonly payloadBytes?: number;
  /** Triggers inside, and what each says. */
  readonly markers?: number;
  readonly why?: string;
  /** Bytes of each thumbnail. */
  readonly previews?: readonly number[];
}

export interface MadeClip {
  readonly clipId: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly manifest: ClipManifest;
  readonly priority: number;
  readonly previews: readonly PreviewBytes[];
}

export function makeClip(random: Random, wish: ClipWish = {}): MadeClip {
  const id = drawBytes(random, 16);
  id[6] = 0x70 | ((id[6] ?? 0) & 15);
  id[8] = 0x80 | ((id[8] ?? 0) & 63);
  const clipId = uuidText(id);
  const clipClass = wish.class ?? 'warning';
  const previews = (wish.previews ?? []).map((length) => {
    const bytes = drawBytes(random, length);
    return { kind: 'thumbnail' as const, sha256: sha256Hex(bytes), bytes };
  });
  const inside = {
    schema: 'fieldloop.clip/v1',
    clipId,
    sessionId: '01890a5d-ac96-774b-bcce-b302099a8057',
    device: 'amr-017',
    source: 'test.mcap',
    startNs: '1000000000',
    endNs: '2000000000',
    severity: clipClass === 'baseline' ? 'info' : clipClass,
    class: clipClass,
    tags: ['test'],
    markers: Array.from({ length: wish.markers ?? 1 }, () => ({
      rule: `rule-${clipClass}`,
      ruleSet: 'set',
      version: 1,
      ruleSetDigest: 'ab'.repeat(32),
      severity: clipClass === 'baseline' ? ('info' as const) : clipClass,
      ...(wish.why === undefined ? {} : { why: wish.why }),
      atNs: '1500000000',
      expression: 'x > 1.0',
      values: { x: 2 },
    })),
    scores: {},
    models: {},
    agentVersion: '0.1.0',
    preTruncated: false,
    ...(previews.length === 0
      ? {}
      : {
          previews: previews.map(({ kind, sha256, bytes }) => ({
            kind,
            mediaType: 'image/jpeg',
            sha256,
            sizeBytes: bytes.length,
          })),
        }),
  } as const;
  const payload = drawBytes(random, wish.payloadBytes ?? 200);
  const priority = wish.priority ?? 1;
  const bytes = mcap(inside, payload, { priority, previews });
  const sha256 = sha256Hex(bytes);
  const topics = [{ topic: '/odom', schema: '', count: 1 }];
  const manifest: ClipManifest = {
    ...inside,
    ...('previews' in inside ? { previews: [...inside.previews] } : {}),
    tags: [...inside.tags],
    markers: [...inside.markers],
    topics,
    messageCount: 1,
    sha256,
    sizeBytes: bytes.length,
  };
  return { clipId, bytes, sha256, manifest, priority, previews };
}

/** What a data worker hands over: the part is written and synced. */
export async function writePart(partPath: string, clip: MadeClip): Promise<CutClip> {
  const handle = await open(partPath, 'w', 0o600);
  const half = clip.bytes.length >> 1;
  await handle.write(clip.bytes, 0, half);
  await handle.write(clip.bytes, half);
  await handle.datasync();
  await handle.close();
  const { bytes: _, ...cut } = clip;
  return { ...cut, partPath, sizeBytes: clip.bytes.length };
}

function mcap(
  inside: Json,
  payload: Uint8Array,
  { priority, previews }: Pick<MadeClip, 'priority' | 'previews'>,
): Uint8Array {
  const metadata = {
    manifest: JSON.stringify(inside),
    priority: String(priority),
    ...Object.fromEntries(
      previews.map(({ sha256, bytes }) => [
        `preview ${sha256}`,
        Buffer.from(bytes).toString('base64'),
      ]),
    ),
  };
  const magic = Uint8Array.of(0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a);
  return Buffer.concat([
    magic,
    record(0x01, text(''), text('test')),
    record(0x04, u16(1), u16(0), text('/odom'), text('json'), text('')),
    record(0x05, u16(1), u32(1), u64(1_500_000_000n), u64(1_500_000_000n), payload),
    record(0x0c, text('fieldloop.clip'), map(metadata)),
    record(0x0f, u32(0)),
    record(0x02, u64(0n), u64(0n), u32(0)),
    magic,
  ]);
}

function record(opcode: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(fields);
  return Buffer.concat([Uint8Array.of(opcode), u64(BigInt(content.length)), content]);
}

function map(entries: Readonly<Record<string, string>>): Uint8Array {
  const content = Buffer.concat(Object.entries(entries).flatMap(([k, v]) => [text(k), text(v)]));
  return Buffer.concat([u32(content.length), content]);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}

function u16(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
