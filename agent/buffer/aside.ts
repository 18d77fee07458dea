/** What an operator is told of a file that went to quarantine and that no row speaks of. */
import { type Clock, type Ids, uuidBytes, uuidText } from '@fieldloop/core';
import { type WireEvent, wireLimits } from '@fieldloop/proto';

export interface Aside {
  /** `clip_torn`: what a kill or a power cut left of a clip that was being written. */
  readonly name: 'clip_torn' | 'clip_quarantined';
  /** Its name in quarantine/. */
  readonly file: string;
  readonly reason: string;
  /** As far as they are known. */
  readonly clipId?: string | undefined;
  readonly sessionId?: string | undefined;
}

export function asideEvent(
  deps: { readonly clock: Clock; readonly ids: Ids },
  aside: Aside,
): WireEvent {
  const { name, file, reason, clipId, sessionId } = aside;
  const isId = clipId !== undefined && uuidBytes(clipId) !== undefined;
  const shown = file.slice(-wireLimits.maxValueText);
  return {
    id: uuidText(deps.ids.uuid()),
    name,
    severity: 'warning',
    atNs: BigInt(deps.clock.now()) * 1_000_000n,
    synced: false,
    // A torn file does not say to which session it belonged.
    sessionId: sessionId ?? uuidText(deps.ids.uuid()),
    ...(isId ? { clipId } : {}),
    values: [{ name: 'file', unit: '', value: shown.toWellFormed() }],
    text: `a clip stays on the robot in quarantine/: ${reason}`
      .slice(0, wireLimits.maxEventText)
      .toWellFormed(),
    tags: [],
  };
}
