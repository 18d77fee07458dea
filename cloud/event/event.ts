/** Something that happened on a device, and the named instants and ranges on a clip's timeline. */
import type { Severity } from '@fieldloop/proto';

export type EventValue = number | string | boolean | null;

interface Timed {
  readonly id: string;
  readonly device: string;
  readonly session?: string;
  readonly clip?: string;
  readonly name: string;
  readonly severity: Severity;
  /** Log time in nanoseconds. */
  readonly atNs: bigint;
  /** Equal to `atNs` for an instant. */
  readonly endNs: bigint;
  /** False when the robot's clock was not synchronised at that time. */
  readonly synced: boolean;
  readonly values: Readonly<Record<string, EventValue>>;
  readonly tags: readonly string[];
  readonly text?: string;
  /** `near-miss@3`: the rule and its rule set's version. */
  readonly rule?: string;
  readonly ruleSetDigest?: string;
  readonly margin?: number;
  readonly receivedAt: number;
}

/** A marker is an event on the timeline of its clip. */
export interface Event extends Timed {
  readonly kind: 'event' | 'marker';
}

export interface EventFilter {
  readonly deviceId?: string | undefined;
  readonly clip?: string | undefined;
  readonly name?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly kind?: Event['kind'] | undefined;
  /** At or after. */
  readonly startNs?: bigint | undefined;
  /** Before. */
  readonly endNs?: bigint | undefined;
}

/** What a robot says of an event; ids are its UUIDs. */
export interface NewEvent {
  readonly id: string | Uint8Array;
  readonly sessionId?: string | Uint8Array | undefined;
  readonly clipId?: string | Uint8Array | undefined;
  readonly name: string;
  readonly severity: Severity;
  readonly atNs: bigint;
  readonly endNs?: bigint | undefined;
  readonly synced: boolean;
  readonly values?: Readonly<Record<string, EventValue>> | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly text?: string | undefined;
  readonly rule?: string | undefined;
  readonly ruleSetDigest?: string | undefined;
  readonly margin?: number | undefined;
}

/** What a robot says of a marker. */
export interface NewMarker {
  readonly id: string | Uint8Array;
  readonly sessionId?: string | Uint8Array | undefined;
  readonly clipId?: string | Uint8Array | undefined;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly synced: boolean;
  /** Who set it, such as `rule/near-miss`. */
  readonly source?: string | undefined;
  readonly values?: Readonly<Record<string, EventValue>> | undefined;
}

/** A marker in the shape of an event; its source takes the place of the text. */
export const eventOfMarker = (marker: NewMarker): NewEvent => ({
  id: marker.id,
  sessionId: marker.sessionId,
  clipId: marker.clipId,
  name: marker.name,
  severity: 'info',
  atNs: marker.startNs,
  endNs: marker.endNs,
  synced: marker.synced,
  values: marker.values,
  text: marker.source,
});
