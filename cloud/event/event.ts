/** Something that happened on a device, and the named instants and ranges on a clip's timeline. */
import { Fault, type Json } from '@fieldloop/core';
import type { Severity } from '@fieldloop/proto';
import { checkData } from './data-schema.ts';

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
  /** In a person's words. */
  readonly label?: string;
  /** As the schema of its kind says. */
  readonly data?: Json;
  /** Who wrote it; absent: the robot itself. */
  readonly createdBy?: string;
  /** The writer's own name for it: told again it is the same event. */
  readonly externalId?: string;
  readonly receivedAt: number;
  readonly updatedAt: number;
  readonly version: number;
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

/** What stands behind a name: how events of it look, and what their data is. */
export interface EventKind {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** `#rrggbb` */
  readonly colour: string;
  readonly shape: EventShape;
  /** JSON Schema of the data; absent: its events have none. */
  readonly schema?: Json;
  /** Whether each event of it is a failure of the robot. */
  readonly isFailure: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const eventShapes = ['dot', 'diamond', 'triangle', 'square', 'flag', 'bar'] as const;
export type EventShape = (typeof eventShapes)[number];

/** Fault `invalid` at `place` unless data and kind fit: data needs a kind that describes it. */
export function checkKind(
  event: { readonly name: string; readonly data?: Json | undefined },
  kind: Pick<EventKind, 'schema'> | undefined,
  place: string,
): void {
  const { name, data } = event;
  if (kind?.schema !== undefined) {
    checkData(kind.schema, data ?? {}, `${place}/data`);
    return;
  }
  if (data === undefined) return;
  throw new Fault('invalid', `the event kind "${name}" describes no data`, {
    place: `${place}/data`,
    remedy: 'Give the kind a schema with /v1/eventKinds, or leave the data out.',
  });
}

/** What is known of a device's time: an event of a person belongs into it. */
export interface KnownTime {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Said to the person: `the clip clp_…`. */
  readonly of: string;
}

/** Fault `invalid` at `place` for a range that is turned around or outside of what is known. */
export function checkTime(
  event: { readonly atNs: bigint; readonly endNs: bigint },
  known: KnownTime | undefined,
  place: string,
): void {
  if (event.endNs < event.atNs) {
    throw new Fault('invalid', 'the event ends before it begins', {
      place: `${place}/endNs`,
      remedy: 'Give an endNs at or after atNs, or leave it out for an instant.',
    });
  }
  if (known === undefined) return;
  if (event.atNs >= known.startNs && event.endNs <= known.endNs) return;
  throw new Fault('invalid', `the event is outside of ${known.of}`, {
    place: `${place}/atNs`,
    remedy: `It covers ${known.startNs} to ${known.endNs}; send force: true to write it anyway.`,
  });
}
