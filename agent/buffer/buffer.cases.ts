/** A buffer on a fresh folder, as tests of this station use it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import type { WireEvent } from '@fieldloop/proto';
import { type AgentBuffer, type BufferOptions, openBuffer } from './buffer.ts';
import { type ClipWish, makeClip, type MadeClip, writePart } from './clip-file.cases.ts';

export class BufferFolder {
  readonly random = seededRandom(5);
  readonly dir: string;
  buffer: AgentBuffer;

  constructor(dir: string, buffer: AgentBuffer) {
    this.dir = dir;
    this.buffer = buffer;
  }

  static async make(): Promise<BufferFolder> {
    const dir = await mkdtemp(join(tmpdir(), 'fieldloop-buffer-'));
    return new BufferFolder(dir, await openAt(dir));
  }

  async open(options: Partial<BufferOptions> = {}): Promise<void> {
    this.buffer = await openAt(this.dir, options);
  }

  async reopen(options: Partial<BufferOptions> = {}): Promise<void> {
    await this.buffer.close();
    await this.open(options);
  }

  /** Makes a clip and writes it as the data worker does. */
  async cut(wish: ClipWish = {}): Promise<CutAndMade> {
    const clip = makeClip(this.random, wish);
    return { clip, cut: await writePart(this.buffer.partPath(clip.clipId), clip) };
  }

  async seal(wish: ClipWish = {}): Promise<MadeClip> {
    const { clip, cut } = await this.cut(wish);
    await this.buffer.seal(cut);
    return clip;
  }

  filePath(clip: MadeClip): string {
    return join(this.dir, 'clips', clip.sha256.slice(0, 2), `${clip.sha256}.mcap`);
  }

  /** The cloud stores every manifest. */
  listAll(): void {
    const range = this.buffer.rows.ranges().find((one) => one.lane === 'manifests');
    this.buffer.rows.stored('manifests', range?.origin ?? 0n, { through: range?.highest ?? 0 });
  }

  async remove(): Promise<void> {
    await this.buffer.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

export interface CutAndMade {
  readonly clip: MadeClip;
  readonly cut: Awaited<ReturnType<typeof writePart>>;
}

export function openAt(dir: string, options: Partial<BufferOptions> = {}): Promise<AgentBuffer> {
  return openBuffer({
    dir,
    quotaBytes: 1e9,
    headroomBytes: 0,
    clock: systemClock,
    ids: systemIds,
    log: silentLog,
    ...options,
  });
}

export const event = (name: string): WireEvent => ({
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  name,
  severity: 'info',
  atNs: 1_700_000_000_000_000_000n,
  synced: true,
  sessionId: '01890a5d-ac96-774b-bcce-b302099a8057',
  values: [],
  text: '',
  tags: [],
});
