/** Notices and lone markers as the wire carries them, cut to its limits. Pure. */
import type { WireEvent, WireMarker, WireValue } from '@fieldloop/proto';
import { wireLimits } from '@fieldloop/proto';
import type { LoneMarker, Notice } from './messages.ts';

export interface EventContext {
  /** For notices that name none. */
  readonly id: string;
  readonly nowNs: bigint;
  /** The session of this run of the agent, for what belongs to no recording. */
  readonly sessionId: string;
  readonly synced: boolean;
}

export function wireEventOf(notice: Notice, context: EventContext): WireEvent {
  const { clipId, rule, ruleSetDigest } = notice;
  return {
    id: notice.id ?? context.id,
    name: notice.name.slice(0, wireLimits.maxNameText),
    severity: notice.severity,
    atNs: notice.atNs ?? context.nowNs,
    synced: context.synced,
    sessionId: notice.sessionId ?? context.sessionId,
    ...(clipId === undefined ? {} : { clipId }),
    ...(rule === undefined ? {} : { rule: rule.slice(0, wireLimits.maxRuleText) }),
    ...(ruleSetDigest === undefined ? {} : { ruleSetSha256: ruleSetDigest }),
    values: wireValues(notice.values ?? {}),
    text: notice.text.slice(0, wireLimits.maxEventText),
    tags: (notice.tags ?? [])
      .slice(0, wireLimits.maxTags)
      .map((tag) => tag.slice(0, wireLimits.maxTagText)),
  };
}

export function wireMarkerOf(marker: LoneMarker, context: EventContext): WireMarker {
  return {
    id: marker.id,
    sessionId: marker.sessionId,
    startNs: marker.atNs,
    endNs: marker.atNs,
    synced: context.synced,
    name: marker.rule.slice(0, wireLimits.maxNameText),
    source: `rule/${marker.rule}`.slice(0, wireLimits.maxNameText),
    values: wireValues(marker.values),
  };
}

/** An unknown value is left out: its absence says the same. */
function wireValues(values: NonNullable<Notice['values']>): WireValue[] {
  return Object.entries(values)
    .flatMap(([name, value]) => {
      if (value === null) return [];
      const shown = typeof value === 'string' ? value.slice(0, wireLimits.maxValueText) : value;
      return [{ name: name.slice(0, wireLimits.maxNameText), unit: '', value: shown }];
    })
    .slice(0, wireLimits.maxValues);
}
