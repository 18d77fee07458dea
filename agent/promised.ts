/**
 * Clips of a stream that are open, by name in the buffer: what they would hold is in memory alone,
 * so whoever comes after a kill tells that they are lost. A recording is read again instead.
 */
import type { Json } from '@fieldloop/core';
import type { Outlet } from './outlet.ts';
import { stableUuid } from './stable-id.ts';

export interface PromisedClip {
  readonly clipId: string;
  readonly sessionId: string;
  /** Of its first marker. */
  readonly rule: string;
  readonly atNs: string;
}

export interface Promised {
  /** These are open now, and no others. */
  note(clips: readonly PromisedClip[]): Promise<void>;
  /** Tells of those that an earlier process left open. */
  tellLost(): Promise<void>;
}

export function openPromised(
  source: string,
  outlet: Pick<Outlet, 'getPosition' | 'savePosition' | 'lost'>,
): Promised {
  const key = `promised ${source}`;
  let noted = '';
  return {
    async note(clips) {
      const ids = clips.map(({ clipId }) => clipId).join();
      if (ids === noted) return;
      noted = ids;
      await outlet.savePosition(key, clips.map(documentOf));
    },
    async tellLost() {
      const left = (await outlet.getPosition(key)) ?? [];
      if (!Array.isArray(left) || left.length === 0) return;
      for (const clip of left as unknown as readonly PromisedClip[]) {
        const { atNs, clipId, rule, sessionId } = clip;
        await outlet.lost({
          id: stableUuid(0, ['lost', clipId]),
          name: 'clip_lost',
          severity: 'warning',
          text: `the agent ended before the clip of ${rule} was cut; a stream cannot be read again`,
          atNs: BigInt(atNs),
          sessionId,
          clipId,
        });
      }
      await outlet.savePosition(key, []);
    },
  };
}

const documentOf = ({ clipId, sessionId, rule, atNs }: PromisedClip): Json => ({
  clipId,
  sessionId,
  rule,
  atNs,
});
