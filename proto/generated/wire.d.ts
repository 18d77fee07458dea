// Generated from proto/wire.proto by proto/generate.ts. Do not edit.
import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace fieldloop. */
export namespace fieldloop {

    /** Namespace wire. */
    namespace wire {

        /** Namespace v1. */
        namespace v1 {

            /** Lane enum. */
            enum Lane {

                /** LANE_UNSPECIFIED value */
                LANE_UNSPECIFIED = 0,

                /** LANE_EVENTS value */
                LANE_EVENTS = 1,

                /** LANE_MANIFESTS value */
                LANE_MANIFESTS = 2,

                /** LANE_REPORTED value */
                LANE_REPORTED = 3
            }

            /** Severity enum. */
            enum Severity {

                /** SEVERITY_UNSPECIFIED value */
                SEVERITY_UNSPECIFIED = 0,

                /** SEVERITY_CRITICAL value */
                SEVERITY_CRITICAL = 1,

                /** SEVERITY_WARNING value */
                SEVERITY_WARNING = 2,

                /** SEVERITY_INFO value */
                SEVERITY_INFO = 3
            }

            /** ClipClass enum. */
            enum ClipClass {

                /** CLIP_CLASS_UNSPECIFIED value */
                CLIP_CLASS_UNSPECIFIED = 0,

                /** CLIP_CLASS_CRITICAL value */
                CLIP_CLASS_CRITICAL = 1,

                /** CLIP_CLASS_WARNING value */
                CLIP_CLASS_WARNING = 2,

                /** CLIP_CLASS_INFO value */
                CLIP_CLASS_INFO = 3,

                /** CLIP_CLASS_BASELINE value */
                CLIP_CLASS_BASELINE = 4
            }

            /** Code enum. */
            enum Code {

                /** CODE_UNSPECIFIED value */
                CODE_UNSPECIFIED = 0,

                /** CODE_UNKNOWN value */
                CODE_UNKNOWN = 1,

                /** CODE_GAP value */
                CODE_GAP = 2,

                /** CODE_CRC value */
                CODE_CRC = 3,

                /** CODE_OVERRUN value */
                CODE_OVERRUN = 4,

                /** CODE_HASH value */
                CODE_HASH = 5,

                /** CODE_BUSY value */
                CODE_BUSY = 6,

                /** CODE_DRAINING value */
                CODE_DRAINING = 7,

                /** CODE_MOVED value */
                CODE_MOVED = 8,

                /** CODE_QUOTA value */
                CODE_QUOTA = 9,

                /** CODE_NO_SPACE value */
                CODE_NO_SPACE = 10,

                /** CODE_IO value */
                CODE_IO = 11,

                /** CODE_TOO_LARGE value */
                CODE_TOO_LARGE = 12,

                /** CODE_KIND value */
                CODE_KIND = 13,

                /** CODE_UNWANTED value */
                CODE_UNWANTED = 14,

                /** CODE_SEQ_REUSED value */
                CODE_SEQ_REUSED = 15,

                /** CODE_MALFORMED value */
                CODE_MALFORMED = 16,

                /** CODE_VERSION value */
                CODE_VERSION = 17
            }

            /**
             * Properties of a Status.
             * @deprecated Use fieldloop.wire.v1.Status.$Properties instead.
             */
            interface IStatus extends fieldloop.wire.v1.Status.$Properties {
            }

            /** Represents a Status. */
            class Status {

                /**
                 * Constructs a new Status.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Status.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Status bootId. */
                bootId: Uint8Array;

                /** Status conn. */
                conn: (number|Long);

                /** Status online. */
                online: boolean;

                /** Status agent. */
                agent: string;

                /** Status features. */
                features: (number|Long);

                /** Status lanes. */
                lanes: fieldloop.wire.v1.LaneState.$Properties[];

                /** Status clock. */
                clock?: (fieldloop.wire.v1.DeviceClock.$Properties|null);

                /**
                 * Encodes the specified Status message. Does not implicitly {@link fieldloop.wire.v1.Status.verify|verify} messages.
                 * @param message Status message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Status.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Status message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Status & fieldloop.wire.v1.Status.$Shape} Status
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Status & fieldloop.wire.v1.Status.$Shape;
            }

            namespace Status {

                /** Properties of a Status. */
                interface $Properties {

                    /** Status bootId */
                    bootId?: (Uint8Array|null);

                    /** Status conn */
                    conn?: (number|Long|null);

                    /** Status online */
                    online?: (boolean|null);

                    /** Status agent */
                    agent?: (string|null);

                    /** Status features */
                    features?: (number|Long|null);

                    /** Status lanes */
                    lanes?: (fieldloop.wire.v1.LaneState.$Properties[]|null);

                    /** Status clock */
                    clock?: (fieldloop.wire.v1.DeviceClock.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Status. */
                type $Shape = fieldloop.wire.v1.Status.$Properties;
            }

            /**
             * Properties of a LaneState.
             * @deprecated Use fieldloop.wire.v1.LaneState.$Properties instead.
             */
            interface ILaneState extends fieldloop.wire.v1.LaneState.$Properties {
            }

            /** Represents a LaneState. */
            class LaneState {

                /**
                 * Constructs a new LaneState.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.LaneState.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** LaneState lane. */
                lane: fieldloop.wire.v1.Lane;

                /** LaneState origin. */
                origin: (number|Long);

                /** LaneState lowest. */
                lowest: (number|Long);

                /** LaneState highest. */
                highest: (number|Long);

                /**
                 * Encodes the specified LaneState message. Does not implicitly {@link fieldloop.wire.v1.LaneState.verify|verify} messages.
                 * @param message LaneState message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.LaneState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a LaneState message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.LaneState & fieldloop.wire.v1.LaneState.$Shape} LaneState
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.LaneState & fieldloop.wire.v1.LaneState.$Shape;
            }

            namespace LaneState {

                /** Properties of a LaneState. */
                interface $Properties {

                    /** LaneState lane */
                    lane?: (fieldloop.wire.v1.Lane|null);

                    /** LaneState origin */
                    origin?: (number|Long|null);

                    /** LaneState lowest */
                    lowest?: (number|Long|null);

                    /** LaneState highest */
                    highest?: (number|Long|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a LaneState. */
                type $Shape = fieldloop.wire.v1.LaneState.$Properties;
            }

            /**
             * Properties of a DeviceClock.
             * @deprecated Use fieldloop.wire.v1.DeviceClock.$Properties instead.
             */
            interface IDeviceClock extends fieldloop.wire.v1.DeviceClock.$Properties {
            }

            /** Represents a DeviceClock. */
            class DeviceClock {

                /**
                 * Constructs a new DeviceClock.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.DeviceClock.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** DeviceClock unixMs. */
                unixMs: (number|Long);

                /** DeviceClock synced. */
                synced: boolean;

                /** DeviceClock source. */
                source: string;

                /**
                 * Encodes the specified DeviceClock message. Does not implicitly {@link fieldloop.wire.v1.DeviceClock.verify|verify} messages.
                 * @param message DeviceClock message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.DeviceClock.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a DeviceClock message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.DeviceClock & fieldloop.wire.v1.DeviceClock.$Shape} DeviceClock
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.DeviceClock & fieldloop.wire.v1.DeviceClock.$Shape;
            }

            namespace DeviceClock {

                /** Properties of a DeviceClock. */
                interface $Properties {

                    /** DeviceClock unixMs */
                    unixMs?: (number|Long|null);

                    /** DeviceClock synced */
                    synced?: (boolean|null);

                    /** DeviceClock source */
                    source?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a DeviceClock. */
                type $Shape = fieldloop.wire.v1.DeviceClock.$Properties;
            }

            /**
             * Properties of an Events.
             * @deprecated Use fieldloop.wire.v1.Events.$Properties instead.
             */
            interface IEvents extends fieldloop.wire.v1.Events.$Properties {
            }

            /** Represents an Events. */
            class Events {

                /**
                 * Constructs a new Events.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Events.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Events origin. */
                origin: (number|Long);

                /** Events firstSeq. */
                firstSeq: (number|Long);

                /** Events rows. */
                rows: fieldloop.wire.v1.EventRow.$Properties[];

                /**
                 * Encodes the specified Events message. Does not implicitly {@link fieldloop.wire.v1.Events.verify|verify} messages.
                 * @param message Events message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Events.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an Events message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Events & fieldloop.wire.v1.Events.$Shape} Events
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Events & fieldloop.wire.v1.Events.$Shape;
            }

            namespace Events {

                /** Properties of an Events. */
                interface $Properties {

                    /** Events origin */
                    origin?: (number|Long|null);

                    /** Events firstSeq */
                    firstSeq?: (number|Long|null);

                    /** Events rows */
                    rows?: (fieldloop.wire.v1.EventRow.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an Events. */
                type $Shape = {
                  origin?: number|Long|null;
                  firstSeq?: number|Long|null;
                  rows?: fieldloop.wire.v1.EventRow.$Shape[]|null;
                  $unknowns?: Uint8Array[];
                };
            }

            /**
             * Properties of an EventsEnvelope.
             * @deprecated Use fieldloop.wire.v1.EventsEnvelope.$Properties instead.
             */
            interface IEventsEnvelope extends fieldloop.wire.v1.EventsEnvelope.$Properties {
            }

            /** Represents an EventsEnvelope. */
            class EventsEnvelope {

                /**
                 * Constructs a new EventsEnvelope.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.EventsEnvelope.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** EventsEnvelope origin. */
                origin: (number|Long);

                /** EventsEnvelope firstSeq. */
                firstSeq: (number|Long);

                /** EventsEnvelope rows. */
                rows: Uint8Array[];

                /**
                 * Encodes the specified EventsEnvelope message. Does not implicitly {@link fieldloop.wire.v1.EventsEnvelope.verify|verify} messages.
                 * @param message EventsEnvelope message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.EventsEnvelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an EventsEnvelope message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.EventsEnvelope & fieldloop.wire.v1.EventsEnvelope.$Shape} EventsEnvelope
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.EventsEnvelope & fieldloop.wire.v1.EventsEnvelope.$Shape;
            }

            namespace EventsEnvelope {

                /** Properties of an EventsEnvelope. */
                interface $Properties {

                    /** EventsEnvelope origin */
                    origin?: (number|Long|null);

                    /** EventsEnvelope firstSeq */
                    firstSeq?: (number|Long|null);

                    /** EventsEnvelope rows */
                    rows?: (Uint8Array[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an EventsEnvelope. */
                type $Shape = fieldloop.wire.v1.EventsEnvelope.$Properties;
            }

            /**
             * Properties of an EventRow.
             * @deprecated Use fieldloop.wire.v1.EventRow.$Properties instead.
             */
            interface IEventRow extends fieldloop.wire.v1.EventRow.$Properties {
            }

            /** Represents an EventRow. */
            class EventRow {

                /**
                 * Constructs a new EventRow.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.EventRow.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** EventRow event. */
                event?: (fieldloop.wire.v1.Event.$Properties|null);

                /** EventRow marker. */
                marker?: (fieldloop.wire.v1.Marker.$Properties|null);

                /** EventRow gap. */
                gap?: (fieldloop.wire.v1.Gap.$Properties|null);

                /** EventRow row. */
                row?: ("event"|"marker"|"gap");

                /**
                 * Encodes the specified EventRow message. Does not implicitly {@link fieldloop.wire.v1.EventRow.verify|verify} messages.
                 * @param message EventRow message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.EventRow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an EventRow message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.EventRow & fieldloop.wire.v1.EventRow.$Shape} EventRow
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.EventRow & fieldloop.wire.v1.EventRow.$Shape;
            }

            namespace EventRow {

                /** Properties of an EventRow. */
                interface $Properties {

                    /** EventRow event */
                    event?: (fieldloop.wire.v1.Event.$Properties|null);

                    /** EventRow marker */
                    marker?: (fieldloop.wire.v1.Marker.$Properties|null);

                    /** EventRow gap */
                    gap?: (fieldloop.wire.v1.Gap.$Properties|null);

                    /** EventRow row */
                    row?: ("event"|"marker"|"gap");

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Narrowed shape of an EventRow. */
                type $Shape = {
                  event?: fieldloop.wire.v1.Event.$Shape|null;
                  marker?: fieldloop.wire.v1.Marker.$Shape|null;
                  gap?: fieldloop.wire.v1.Gap.$Shape|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ row?: undefined; event?: null; marker?: null; gap?: null }|{ row?: "event"; event: fieldloop.wire.v1.Event.$Shape; marker?: null; gap?: null }|{ row?: "marker"; event?: null; marker: fieldloop.wire.v1.Marker.$Shape; gap?: null }|{ row?: "gap"; event?: null; marker?: null; gap: fieldloop.wire.v1.Gap.$Shape })
                );
            }

            /**
             * Properties of an Event.
             * @deprecated Use fieldloop.wire.v1.Event.$Properties instead.
             */
            interface IEvent extends fieldloop.wire.v1.Event.$Properties {
            }

            /** Represents an Event. */
            class Event {

                /**
                 * Constructs a new Event.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Event.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Event id. */
                id: Uint8Array;

                /** Event name. */
                name: string;

                /** Event severity. */
                severity: fieldloop.wire.v1.Severity;

                /** Event atNs. */
                atNs: (number|Long);

                /** Event synced. */
                synced: boolean;

                /** Event sessionId. */
                sessionId: Uint8Array;

                /** Event clipId. */
                clipId?: (Uint8Array|null);

                /** Event rule. */
                rule: string;

                /** Event ruleSet. */
                ruleSet?: (Uint8Array|null);

                /** Event margin. */
                margin?: (number|null);

                /** Event values. */
                values: fieldloop.wire.v1.Value.$Properties[];

                /** Event text. */
                text: string;

                /** Event tags. */
                tags: string[];

                /**
                 * Encodes the specified Event message. Does not implicitly {@link fieldloop.wire.v1.Event.verify|verify} messages.
                 * @param message Event message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Event.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an Event message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Event & fieldloop.wire.v1.Event.$Shape} Event
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Event & fieldloop.wire.v1.Event.$Shape;
            }

            namespace Event {

                /** Properties of an Event. */
                interface $Properties {

                    /** Event id */
                    id?: (Uint8Array|null);

                    /** Event name */
                    name?: (string|null);

                    /** Event severity */
                    severity?: (fieldloop.wire.v1.Severity|null);

                    /** Event atNs */
                    atNs?: (number|Long|null);

                    /** Event synced */
                    synced?: (boolean|null);

                    /** Event sessionId */
                    sessionId?: (Uint8Array|null);

                    /** Event clipId */
                    clipId?: (Uint8Array|null);

                    /** Event rule */
                    rule?: (string|null);

                    /** Event ruleSet */
                    ruleSet?: (Uint8Array|null);

                    /** Event margin */
                    margin?: (number|null);

                    /** Event values */
                    values?: (fieldloop.wire.v1.Value.$Properties[]|null);

                    /** Event text */
                    text?: (string|null);

                    /** Event tags */
                    tags?: (string[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an Event. */
                type $Shape = {
                  id?: Uint8Array|null;
                  name?: string|null;
                  severity?: fieldloop.wire.v1.Severity|null;
                  atNs?: number|Long|null;
                  synced?: boolean|null;
                  sessionId?: Uint8Array|null;
                  clipId?: Uint8Array|null;
                  rule?: string|null;
                  ruleSet?: Uint8Array|null;
                  margin?: number|null;
                  values?: fieldloop.wire.v1.Value.$Shape[]|null;
                  text?: string|null;
                  tags?: string[]|null;
                  $unknowns?: Uint8Array[];
                };
            }

            /**
             * Properties of a Marker.
             * @deprecated Use fieldloop.wire.v1.Marker.$Properties instead.
             */
            interface IMarker extends fieldloop.wire.v1.Marker.$Properties {
            }

            /** Represents a Marker. */
            class Marker {

                /**
                 * Constructs a new Marker.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Marker.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Marker id. */
                id: Uint8Array;

                /** Marker sessionId. */
                sessionId: Uint8Array;

                /** Marker clipId. */
                clipId?: (Uint8Array|null);

                /** Marker startNs. */
                startNs: (number|Long);

                /** Marker endNs. */
                endNs: (number|Long);

                /** Marker synced. */
                synced: boolean;

                /** Marker name. */
                name: string;

                /** Marker source. */
                source: string;

                /** Marker values. */
                values: fieldloop.wire.v1.Value.$Properties[];

                /**
                 * Encodes the specified Marker message. Does not implicitly {@link fieldloop.wire.v1.Marker.verify|verify} messages.
                 * @param message Marker message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Marker.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Marker message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Marker & fieldloop.wire.v1.Marker.$Shape} Marker
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Marker & fieldloop.wire.v1.Marker.$Shape;
            }

            namespace Marker {

                /** Properties of a Marker. */
                interface $Properties {

                    /** Marker id */
                    id?: (Uint8Array|null);

                    /** Marker sessionId */
                    sessionId?: (Uint8Array|null);

                    /** Marker clipId */
                    clipId?: (Uint8Array|null);

                    /** Marker startNs */
                    startNs?: (number|Long|null);

                    /** Marker endNs */
                    endNs?: (number|Long|null);

                    /** Marker synced */
                    synced?: (boolean|null);

                    /** Marker name */
                    name?: (string|null);

                    /** Marker source */
                    source?: (string|null);

                    /** Marker values */
                    values?: (fieldloop.wire.v1.Value.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Marker. */
                type $Shape = {
                  id?: Uint8Array|null;
                  sessionId?: Uint8Array|null;
                  clipId?: Uint8Array|null;
                  startNs?: number|Long|null;
                  endNs?: number|Long|null;
                  synced?: boolean|null;
                  name?: string|null;
                  source?: string|null;
                  values?: fieldloop.wire.v1.Value.$Shape[]|null;
                  $unknowns?: Uint8Array[];
                };
            }

            /**
             * Properties of a Gap.
             * @deprecated Use fieldloop.wire.v1.Gap.$Properties instead.
             */
            interface IGap extends fieldloop.wire.v1.Gap.$Properties {
            }

            /** Represents a Gap. */
            class Gap {

                /**
                 * Constructs a new Gap.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Gap.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Gap count. */
                count: (number|Long);

                /** Gap reason. */
                reason: fieldloop.wire.v1.Gap.Reason;

                /**
                 * Encodes the specified Gap message. Does not implicitly {@link fieldloop.wire.v1.Gap.verify|verify} messages.
                 * @param message Gap message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Gap.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Gap message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Gap & fieldloop.wire.v1.Gap.$Shape} Gap
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Gap & fieldloop.wire.v1.Gap.$Shape;
            }

            namespace Gap {

                /** Properties of a Gap. */
                interface $Properties {

                    /** Gap count */
                    count?: (number|Long|null);

                    /** Gap reason */
                    reason?: (fieldloop.wire.v1.Gap.Reason|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Gap. */
                type $Shape = fieldloop.wire.v1.Gap.$Properties;

                /** Reason enum. */
                enum Reason {

                    /** REASON_UNSPECIFIED value */
                    REASON_UNSPECIFIED = 0,

                    /** REASON_EVICTED value */
                    REASON_EVICTED = 1,

                    /** REASON_EXPIRED value */
                    REASON_EXPIRED = 2,

                    /** REASON_LOST value */
                    REASON_LOST = 3,

                    /** REASON_PRIVACY value */
                    REASON_PRIVACY = 4
                }
            }

            /**
             * Properties of a Value.
             * @deprecated Use fieldloop.wire.v1.Value.$Properties instead.
             */
            interface IValue extends fieldloop.wire.v1.Value.$Properties {
            }

            /** Represents a Value. */
            class Value {

                /**
                 * Constructs a new Value.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Value.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Value name. */
                name: string;

                /** Value unit. */
                unit: string;

                /** Value number. */
                number?: (number|null);

                /** Value integer. */
                integer?: (number|Long|null);

                /** Value flag. */
                flag?: (boolean|null);

                /** Value text. */
                text?: (string|null);

                /** Value value. */
                value?: ("number"|"integer"|"flag"|"text");

                /**
                 * Encodes the specified Value message. Does not implicitly {@link fieldloop.wire.v1.Value.verify|verify} messages.
                 * @param message Value message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Value.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Value message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Value & fieldloop.wire.v1.Value.$Shape} Value
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Value & fieldloop.wire.v1.Value.$Shape;
            }

            namespace Value {

                /** Properties of a Value. */
                interface $Properties {

                    /** Value name */
                    name?: (string|null);

                    /** Value unit */
                    unit?: (string|null);

                    /** Value number */
                    number?: (number|null);

                    /** Value integer */
                    integer?: (number|Long|null);

                    /** Value flag */
                    flag?: (boolean|null);

                    /** Value text */
                    text?: (string|null);

                    /** Value value */
                    value?: ("number"|"integer"|"flag"|"text");

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Narrowed shape of a Value. */
                type $Shape = {
                  name?: string|null;
                  unit?: string|null;
                  number?: number|null;
                  integer?: number|Long|null;
                  flag?: boolean|null;
                  text?: string|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ value?: undefined; number?: null; integer?: null; flag?: null; text?: null }|{ value?: "number"; number: number; integer?: null; flag?: null; text?: null }|{ value?: "integer"; number?: null; integer: number|Long; flag?: null; text?: null }|{ value?: "flag"; number?: null; integer?: null; flag: boolean; text?: null }|{ value?: "text"; number?: null; integer?: null; flag?: null; text: string })
                );
            }

            /**
             * Properties of a Manifest.
             * @deprecated Use fieldloop.wire.v1.Manifest.$Properties instead.
             */
            interface IManifest extends fieldloop.wire.v1.Manifest.$Properties {
            }

            /** Represents a Manifest. */
            class Manifest {

                /**
                 * Constructs a new Manifest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Manifest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Manifest origin. */
                origin: (number|Long);

                /** Manifest seq. */
                seq: (number|Long);

                /** Manifest clipId. */
                clipId: Uint8Array;

                /** Manifest hash. */
                hash: Uint8Array;

                /** Manifest size. */
                size: (number|Long);

                /** Manifest media. */
                media: string;

                /** Manifest class. */
                class: fieldloop.wire.v1.ClipClass;

                /** Manifest priority. */
                priority: number;

                /** Manifest document. */
                document: string;

                /** Manifest previews. */
                previews: fieldloop.wire.v1.Preview.$Properties[];

                /** Manifest state. */
                state: fieldloop.wire.v1.Manifest.State;

                /**
                 * Encodes the specified Manifest message. Does not implicitly {@link fieldloop.wire.v1.Manifest.verify|verify} messages.
                 * @param message Manifest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Manifest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Manifest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Manifest & fieldloop.wire.v1.Manifest.$Shape} Manifest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Manifest & fieldloop.wire.v1.Manifest.$Shape;
            }

            namespace Manifest {

                /** Properties of a Manifest. */
                interface $Properties {

                    /** Manifest origin */
                    origin?: (number|Long|null);

                    /** Manifest seq */
                    seq?: (number|Long|null);

                    /** Manifest clipId */
                    clipId?: (Uint8Array|null);

                    /** Manifest hash */
                    hash?: (Uint8Array|null);

                    /** Manifest size */
                    size?: (number|Long|null);

                    /** Manifest media */
                    media?: (string|null);

                    /** Manifest class */
                    "class"?: (fieldloop.wire.v1.ClipClass|null);

                    /** Manifest priority */
                    priority?: (number|null);

                    /** Manifest document */
                    document?: (string|null);

                    /** Manifest previews */
                    previews?: (fieldloop.wire.v1.Preview.$Properties[]|null);

                    /** Manifest state */
                    state?: (fieldloop.wire.v1.Manifest.State|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Manifest. */
                type $Shape = fieldloop.wire.v1.Manifest.$Properties;

                /** State enum. */
                enum State {

                    /** STATE_UNSPECIFIED value */
                    STATE_UNSPECIFIED = 0,

                    /** STATE_HELD value */
                    STATE_HELD = 1,

                    /** STATE_OFFERED value */
                    STATE_OFFERED = 2,

                    /** STATE_EVICTED value */
                    STATE_EVICTED = 3
                }
            }

            /**
             * Properties of a Preview.
             * @deprecated Use fieldloop.wire.v1.Preview.$Properties instead.
             */
            interface IPreview extends fieldloop.wire.v1.Preview.$Properties {
            }

            /** Represents a Preview. */
            class Preview {

                /**
                 * Constructs a new Preview.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Preview.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Preview kind. */
                kind: string;

                /** Preview hash. */
                hash: Uint8Array;

                /** Preview size. */
                size: (number|Long);

                /** Preview inline. */
                inline?: (Uint8Array|null);

                /**
                 * Encodes the specified Preview message. Does not implicitly {@link fieldloop.wire.v1.Preview.verify|verify} messages.
                 * @param message Preview message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Preview.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Preview message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Preview & fieldloop.wire.v1.Preview.$Shape} Preview
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Preview & fieldloop.wire.v1.Preview.$Shape;
            }

            namespace Preview {

                /** Properties of a Preview. */
                interface $Properties {

                    /** Preview kind */
                    kind?: (string|null);

                    /** Preview hash */
                    hash?: (Uint8Array|null);

                    /** Preview size */
                    size?: (number|Long|null);

                    /** Preview inline */
                    inline?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Preview. */
                type $Shape = fieldloop.wire.v1.Preview.$Properties;
            }

            /**
             * Properties of a Reported.
             * @deprecated Use fieldloop.wire.v1.Reported.$Properties instead.
             */
            interface IReported extends fieldloop.wire.v1.Reported.$Properties {
            }

            /** Represents a Reported. */
            class Reported {

                /**
                 * Constructs a new Reported.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Reported.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Reported origin. */
                origin: (number|Long);

                /** Reported seq. */
                seq: (number|Long);

                /** Reported section. */
                section: string;

                /** Reported generation. */
                generation: (number|Long);

                /** Reported hash. */
                hash: Uint8Array;

                /** Reported document. */
                document: string;

                /** Reported jws. */
                jws?: (string|null);

                /**
                 * Encodes the specified Reported message. Does not implicitly {@link fieldloop.wire.v1.Reported.verify|verify} messages.
                 * @param message Reported message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Reported.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Reported message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Reported & fieldloop.wire.v1.Reported.$Shape} Reported
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Reported & fieldloop.wire.v1.Reported.$Shape;
            }

            namespace Reported {

                /** Properties of a Reported. */
                interface $Properties {

                    /** Reported origin */
                    origin?: (number|Long|null);

                    /** Reported seq */
                    seq?: (number|Long|null);

                    /** Reported section */
                    section?: (string|null);

                    /** Reported generation */
                    generation?: (number|Long|null);

                    /** Reported hash */
                    hash?: (Uint8Array|null);

                    /** Reported document */
                    document?: (string|null);

                    /** Reported jws */
                    jws?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Reported. */
                type $Shape = fieldloop.wire.v1.Reported.$Properties;
            }

            /**
             * Properties of a RowHead.
             * @deprecated Use fieldloop.wire.v1.RowHead.$Properties instead.
             */
            interface IRowHead extends fieldloop.wire.v1.RowHead.$Properties {
            }

            /** Represents a RowHead. */
            class RowHead {

                /**
                 * Constructs a new RowHead.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.RowHead.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** RowHead origin. */
                origin: (number|Long);

                /** RowHead seq. */
                seq: (number|Long);

                /**
                 * Encodes the specified RowHead message. Does not implicitly {@link fieldloop.wire.v1.RowHead.verify|verify} messages.
                 * @param message RowHead message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.RowHead.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a RowHead message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.RowHead & fieldloop.wire.v1.RowHead.$Shape} RowHead
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.RowHead & fieldloop.wire.v1.RowHead.$Shape;
            }

            namespace RowHead {

                /** Properties of a RowHead. */
                interface $Properties {

                    /** RowHead origin */
                    origin?: (number|Long|null);

                    /** RowHead seq */
                    seq?: (number|Long|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a RowHead. */
                type $Shape = fieldloop.wire.v1.RowHead.$Properties;
            }

            /**
             * Properties of a Stored.
             * @deprecated Use fieldloop.wire.v1.Stored.$Properties instead.
             */
            interface IStored extends fieldloop.wire.v1.Stored.$Properties {
            }

            /** Represents a Stored. */
            class Stored {

                /**
                 * Constructs a new Stored.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Stored.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Stored lane. */
                lane: fieldloop.wire.v1.Lane;

                /** Stored origin. */
                origin: (number|Long);

                /** Stored through. */
                through: (number|Long);

                /** Stored refused. */
                refused: fieldloop.wire.v1.RefusedRow.$Properties[];

                /**
                 * Encodes the specified Stored message. Does not implicitly {@link fieldloop.wire.v1.Stored.verify|verify} messages.
                 * @param message Stored message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Stored.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Stored message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Stored & fieldloop.wire.v1.Stored.$Shape} Stored
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Stored & fieldloop.wire.v1.Stored.$Shape;
            }

            namespace Stored {

                /** Properties of a Stored. */
                interface $Properties {

                    /** Stored lane */
                    lane?: (fieldloop.wire.v1.Lane|null);

                    /** Stored origin */
                    origin?: (number|Long|null);

                    /** Stored through */
                    through?: (number|Long|null);

                    /** Stored refused */
                    refused?: (fieldloop.wire.v1.RefusedRow.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Stored. */
                type $Shape = fieldloop.wire.v1.Stored.$Properties;
            }

            /**
             * Properties of a RefusedRow.
             * @deprecated Use fieldloop.wire.v1.RefusedRow.$Properties instead.
             */
            interface IRefusedRow extends fieldloop.wire.v1.RefusedRow.$Properties {
            }

            /** Represents a RefusedRow. */
            class RefusedRow {

                /**
                 * Constructs a new RefusedRow.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.RefusedRow.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** RefusedRow seq. */
                seq: (number|Long);

                /** RefusedRow code. */
                code: fieldloop.wire.v1.Code;

                /**
                 * Encodes the specified RefusedRow message. Does not implicitly {@link fieldloop.wire.v1.RefusedRow.verify|verify} messages.
                 * @param message RefusedRow message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.RefusedRow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a RefusedRow message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.RefusedRow & fieldloop.wire.v1.RefusedRow.$Shape} RefusedRow
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.RefusedRow & fieldloop.wire.v1.RefusedRow.$Shape;
            }

            namespace RefusedRow {

                /** Properties of a RefusedRow. */
                interface $Properties {

                    /** RefusedRow seq */
                    seq?: (number|Long|null);

                    /** RefusedRow code */
                    code?: (fieldloop.wire.v1.Code|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a RefusedRow. */
                type $Shape = fieldloop.wire.v1.RefusedRow.$Properties;
            }

            /**
             * Properties of a Transfer.
             * @deprecated Use fieldloop.wire.v1.Transfer.$Properties instead.
             */
            interface ITransfer extends fieldloop.wire.v1.Transfer.$Properties {
            }

            /** Represents a Transfer. */
            class Transfer {

                /**
                 * Constructs a new Transfer.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Transfer.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Transfer fetch. */
                fetch?: (fieldloop.wire.v1.Fetch.$Properties|null);

                /** Transfer open. */
                open?: (fieldloop.wire.v1.Open.$Properties|null);

                /** Transfer openAck. */
                openAck?: (fieldloop.wire.v1.OpenAck.$Properties|null);

                /** Transfer ack. */
                ack?: (fieldloop.wire.v1.Ack.$Properties|null);

                /** Transfer done. */
                done?: (fieldloop.wire.v1.Done.$Properties|null);

                /** Transfer nack. */
                nack?: (fieldloop.wire.v1.Nack.$Properties|null);

                /** Transfer cancel. */
                cancel?: (fieldloop.wire.v1.Cancel.$Properties|null);

                /** Transfer step. */
                step?: ("fetch"|"open"|"openAck"|"ack"|"done"|"nack"|"cancel");

                /**
                 * Encodes the specified Transfer message. Does not implicitly {@link fieldloop.wire.v1.Transfer.verify|verify} messages.
                 * @param message Transfer message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Transfer.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Transfer message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Transfer & fieldloop.wire.v1.Transfer.$Shape} Transfer
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Transfer & fieldloop.wire.v1.Transfer.$Shape;
            }

            namespace Transfer {

                /** Properties of a Transfer. */
                interface $Properties {

                    /** Transfer fetch */
                    fetch?: (fieldloop.wire.v1.Fetch.$Properties|null);

                    /** Transfer open */
                    open?: (fieldloop.wire.v1.Open.$Properties|null);

                    /** Transfer openAck */
                    openAck?: (fieldloop.wire.v1.OpenAck.$Properties|null);

                    /** Transfer ack */
                    ack?: (fieldloop.wire.v1.Ack.$Properties|null);

                    /** Transfer done */
                    done?: (fieldloop.wire.v1.Done.$Properties|null);

                    /** Transfer nack */
                    nack?: (fieldloop.wire.v1.Nack.$Properties|null);

                    /** Transfer cancel */
                    cancel?: (fieldloop.wire.v1.Cancel.$Properties|null);

                    /** Transfer step */
                    step?: ("fetch"|"open"|"openAck"|"ack"|"done"|"nack"|"cancel");

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Narrowed shape of a Transfer. */
                type $Shape = {
                  fetch?: fieldloop.wire.v1.Fetch.$Shape|null;
                  open?: fieldloop.wire.v1.Open.$Shape|null;
                  openAck?: fieldloop.wire.v1.OpenAck.$Shape|null;
                  ack?: fieldloop.wire.v1.Ack.$Shape|null;
                  done?: fieldloop.wire.v1.Done.$Shape|null;
                  nack?: fieldloop.wire.v1.Nack.$Shape|null;
                  cancel?: fieldloop.wire.v1.Cancel.$Shape|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ step?: undefined; fetch?: null; open?: null; openAck?: null; ack?: null; done?: null; nack?: null; cancel?: null }|{ step?: "fetch"; fetch: fieldloop.wire.v1.Fetch.$Shape; open?: null; openAck?: null; ack?: null; done?: null; nack?: null; cancel?: null }|{ step?: "open"; fetch?: null; open: fieldloop.wire.v1.Open.$Shape; openAck?: null; ack?: null; done?: null; nack?: null; cancel?: null }|{ step?: "openAck"; fetch?: null; open?: null; openAck: fieldloop.wire.v1.OpenAck.$Shape; ack?: null; done?: null; nack?: null; cancel?: null }|{ step?: "ack"; fetch?: null; open?: null; openAck?: null; ack: fieldloop.wire.v1.Ack.$Shape; done?: null; nack?: null; cancel?: null }|{ step?: "done"; fetch?: null; open?: null; openAck?: null; ack?: null; done: fieldloop.wire.v1.Done.$Shape; nack?: null; cancel?: null }|{ step?: "nack"; fetch?: null; open?: null; openAck?: null; ack?: null; done?: null; nack: fieldloop.wire.v1.Nack.$Shape; cancel?: null }|{ step?: "cancel"; fetch?: null; open?: null; openAck?: null; ack?: null; done?: null; nack?: null; cancel: fieldloop.wire.v1.Cancel.$Shape })
                );
            }

            /** ContentKind enum. */
            enum ContentKind {

                /** CONTENT_KIND_UNSPECIFIED value */
                CONTENT_KIND_UNSPECIFIED = 0,

                /** CONTENT_KIND_CLIP value */
                CONTENT_KIND_CLIP = 1,

                /** CONTENT_KIND_PREVIEW value */
                CONTENT_KIND_PREVIEW = 2,

                /** CONTENT_KIND_DIAGNOSTICS value */
                CONTENT_KIND_DIAGNOSTICS = 3,

                /** CONTENT_KIND_ARTIFACT value */
                CONTENT_KIND_ARTIFACT = 4
            }

            /**
             * Properties of a Fetch.
             * @deprecated Use fieldloop.wire.v1.Fetch.$Properties instead.
             */
            interface IFetch extends fieldloop.wire.v1.Fetch.$Properties {
            }

            /** Represents a Fetch. */
            class Fetch {

                /**
                 * Constructs a new Fetch.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Fetch.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Fetch hash. */
                hash: Uint8Array;

                /** Fetch kind. */
                kind: fieldloop.wire.v1.ContentKind;

                /**
                 * Encodes the specified Fetch message. Does not implicitly {@link fieldloop.wire.v1.Fetch.verify|verify} messages.
                 * @param message Fetch message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Fetch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Fetch message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Fetch & fieldloop.wire.v1.Fetch.$Shape} Fetch
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Fetch & fieldloop.wire.v1.Fetch.$Shape;
            }

            namespace Fetch {

                /** Properties of a Fetch. */
                interface $Properties {

                    /** Fetch hash */
                    hash?: (Uint8Array|null);

                    /** Fetch kind */
                    kind?: (fieldloop.wire.v1.ContentKind|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Fetch. */
                type $Shape = fieldloop.wire.v1.Fetch.$Properties;
            }

            /**
             * Properties of an Open.
             * @deprecated Use fieldloop.wire.v1.Open.$Properties instead.
             */
            interface IOpen extends fieldloop.wire.v1.Open.$Properties {
            }

            /** Represents an Open. */
            class Open {

                /**
                 * Constructs a new Open.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Open.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Open tid. */
                tid: number;

                /** Open hash. */
                hash: Uint8Array;

                /** Open size. */
                size: (number|Long);

                /** Open kind. */
                kind: fieldloop.wire.v1.ContentKind;

                /** Open clipId. */
                clipId?: (Uint8Array|null);

                /** Open chunkMax. */
                chunkMax: number;

                /**
                 * Encodes the specified Open message. Does not implicitly {@link fieldloop.wire.v1.Open.verify|verify} messages.
                 * @param message Open message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Open.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an Open message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Open & fieldloop.wire.v1.Open.$Shape} Open
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Open & fieldloop.wire.v1.Open.$Shape;
            }

            namespace Open {

                /** Properties of an Open. */
                interface $Properties {

                    /** Open tid */
                    tid?: (number|null);

                    /** Open hash */
                    hash?: (Uint8Array|null);

                    /** Open size */
                    size?: (number|Long|null);

                    /** Open kind */
                    kind?: (fieldloop.wire.v1.ContentKind|null);

                    /** Open clipId */
                    clipId?: (Uint8Array|null);

                    /** Open chunkMax */
                    chunkMax?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an Open. */
                type $Shape = fieldloop.wire.v1.Open.$Properties;
            }

            /**
             * Properties of an OpenAck.
             * @deprecated Use fieldloop.wire.v1.OpenAck.$Properties instead.
             */
            interface IOpenAck extends fieldloop.wire.v1.OpenAck.$Properties {
            }

            /** Represents an OpenAck. */
            class OpenAck {

                /**
                 * Constructs a new OpenAck.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.OpenAck.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** OpenAck tid. */
                tid: number;

                /** OpenAck hash. */
                hash: Uint8Array;

                /** OpenAck epoch. */
                epoch: number;

                /** OpenAck state. */
                state: fieldloop.wire.v1.OpenAck.State;

                /** OpenAck durable. */
                durable: (number|Long);

                /** OpenAck credit. */
                credit: number;

                /** OpenAck chunkMax. */
                chunkMax: number;

                /** OpenAck slot. */
                slot: string;

                /** OpenAck retryAfterMs. */
                retryAfterMs: number;

                /** OpenAck code. */
                code: fieldloop.wire.v1.Code;

                /**
                 * Encodes the specified OpenAck message. Does not implicitly {@link fieldloop.wire.v1.OpenAck.verify|verify} messages.
                 * @param message OpenAck message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.OpenAck.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an OpenAck message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.OpenAck & fieldloop.wire.v1.OpenAck.$Shape} OpenAck
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.OpenAck & fieldloop.wire.v1.OpenAck.$Shape;
            }

            namespace OpenAck {

                /** Properties of an OpenAck. */
                interface $Properties {

                    /** OpenAck tid */
                    tid?: (number|null);

                    /** OpenAck hash */
                    hash?: (Uint8Array|null);

                    /** OpenAck epoch */
                    epoch?: (number|null);

                    /** OpenAck state */
                    state?: (fieldloop.wire.v1.OpenAck.State|null);

                    /** OpenAck durable */
                    durable?: (number|Long|null);

                    /** OpenAck credit */
                    credit?: (number|null);

                    /** OpenAck chunkMax */
                    chunkMax?: (number|null);

                    /** OpenAck slot */
                    slot?: (string|null);

                    /** OpenAck retryAfterMs */
                    retryAfterMs?: (number|null);

                    /** OpenAck code */
                    code?: (fieldloop.wire.v1.Code|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an OpenAck. */
                type $Shape = fieldloop.wire.v1.OpenAck.$Properties;

                /** State enum. */
                enum State {

                    /** STATE_UNSPECIFIED value */
                    STATE_UNSPECIFIED = 0,

                    /** STATE_NEW value */
                    STATE_NEW = 1,

                    /** STATE_PARTIAL value */
                    STATE_PARTIAL = 2,

                    /** STATE_DONE value */
                    STATE_DONE = 3,

                    /** STATE_LATER value */
                    STATE_LATER = 4,

                    /** STATE_REFUSED value */
                    STATE_REFUSED = 5
                }
            }

            /**
             * Properties of an Ack.
             * @deprecated Use fieldloop.wire.v1.Ack.$Properties instead.
             */
            interface IAck extends fieldloop.wire.v1.Ack.$Properties {
            }

            /** Represents an Ack. */
            class Ack {

                /**
                 * Constructs a new Ack.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Ack.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Ack tid. */
                tid: number;

                /** Ack epoch. */
                epoch: number;

                /** Ack received. */
                received: (number|Long);

                /** Ack durable. */
                durable: (number|Long);

                /** Ack credit. */
                credit: number;

                /**
                 * Encodes the specified Ack message. Does not implicitly {@link fieldloop.wire.v1.Ack.verify|verify} messages.
                 * @param message Ack message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Ack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an Ack message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Ack & fieldloop.wire.v1.Ack.$Shape} Ack
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Ack & fieldloop.wire.v1.Ack.$Shape;
            }

            namespace Ack {

                /** Properties of an Ack. */
                interface $Properties {

                    /** Ack tid */
                    tid?: (number|null);

                    /** Ack epoch */
                    epoch?: (number|null);

                    /** Ack received */
                    received?: (number|Long|null);

                    /** Ack durable */
                    durable?: (number|Long|null);

                    /** Ack credit */
                    credit?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an Ack. */
                type $Shape = fieldloop.wire.v1.Ack.$Properties;
            }

            /**
             * Properties of a Done.
             * @deprecated Use fieldloop.wire.v1.Done.$Properties instead.
             */
            interface IDone extends fieldloop.wire.v1.Done.$Properties {
            }

            /** Represents a Done. */
            class Done {

                /**
                 * Constructs a new Done.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Done.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Done tid. */
                tid: number;

                /** Done epoch. */
                epoch: number;

                /** Done hash. */
                hash: Uint8Array;

                /** Done size. */
                size: (number|Long);

                /**
                 * Encodes the specified Done message. Does not implicitly {@link fieldloop.wire.v1.Done.verify|verify} messages.
                 * @param message Done message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Done.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Done message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Done & fieldloop.wire.v1.Done.$Shape} Done
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Done & fieldloop.wire.v1.Done.$Shape;
            }

            namespace Done {

                /** Properties of a Done. */
                interface $Properties {

                    /** Done tid */
                    tid?: (number|null);

                    /** Done epoch */
                    epoch?: (number|null);

                    /** Done hash */
                    hash?: (Uint8Array|null);

                    /** Done size */
                    size?: (number|Long|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Done. */
                type $Shape = fieldloop.wire.v1.Done.$Properties;
            }

            /**
             * Properties of a Nack.
             * @deprecated Use fieldloop.wire.v1.Nack.$Properties instead.
             */
            interface INack extends fieldloop.wire.v1.Nack.$Properties {
            }

            /** Represents a Nack. */
            class Nack {

                /**
                 * Constructs a new Nack.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Nack.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Nack tid. */
                tid: number;

                /** Nack epoch. */
                epoch: number;

                /** Nack code. */
                code: fieldloop.wire.v1.Code;

                /** Nack from. */
                from: (number|Long);

                /** Nack retryAfterMs. */
                retryAfterMs: number;

                /** Nack detail. */
                detail: string;

                /**
                 * Encodes the specified Nack message. Does not implicitly {@link fieldloop.wire.v1.Nack.verify|verify} messages.
                 * @param message Nack message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Nack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Nack message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Nack & fieldloop.wire.v1.Nack.$Shape} Nack
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Nack & fieldloop.wire.v1.Nack.$Shape;
            }

            namespace Nack {

                /** Properties of a Nack. */
                interface $Properties {

                    /** Nack tid */
                    tid?: (number|null);

                    /** Nack epoch */
                    epoch?: (number|null);

                    /** Nack code */
                    code?: (fieldloop.wire.v1.Code|null);

                    /** Nack from */
                    from?: (number|Long|null);

                    /** Nack retryAfterMs */
                    retryAfterMs?: (number|null);

                    /** Nack detail */
                    detail?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Nack. */
                type $Shape = fieldloop.wire.v1.Nack.$Properties;
            }

            /**
             * Properties of a Cancel.
             * @deprecated Use fieldloop.wire.v1.Cancel.$Properties instead.
             */
            interface ICancel extends fieldloop.wire.v1.Cancel.$Properties {
            }

            /** Represents a Cancel. */
            class Cancel {

                /**
                 * Constructs a new Cancel.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Cancel.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Cancel tid. */
                tid: number;

                /** Cancel epoch. */
                epoch: number;

                /** Cancel reason. */
                reason: fieldloop.wire.v1.Cancel.Reason;

                /**
                 * Encodes the specified Cancel message. Does not implicitly {@link fieldloop.wire.v1.Cancel.verify|verify} messages.
                 * @param message Cancel message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Cancel.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Cancel message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Cancel & fieldloop.wire.v1.Cancel.$Shape} Cancel
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Cancel & fieldloop.wire.v1.Cancel.$Shape;
            }

            namespace Cancel {

                /** Properties of a Cancel. */
                interface $Properties {

                    /** Cancel tid */
                    tid?: (number|null);

                    /** Cancel epoch */
                    epoch?: (number|null);

                    /** Cancel reason */
                    reason?: (fieldloop.wire.v1.Cancel.Reason|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Cancel. */
                type $Shape = fieldloop.wire.v1.Cancel.$Properties;

                /** Reason enum. */
                enum Reason {

                    /** REASON_UNSPECIFIED value */
                    REASON_UNSPECIFIED = 0,

                    /** REASON_EVICTED value */
                    REASON_EVICTED = 1,

                    /** REASON_OPERATOR value */
                    REASON_OPERATOR = 2,

                    /** REASON_PRIORITY value */
                    REASON_PRIORITY = 3,

                    /** REASON_SHUTDOWN value */
                    REASON_SHUTDOWN = 4
                }
            }

            /**
             * Properties of a Desired.
             * @deprecated Use fieldloop.wire.v1.Desired.$Properties instead.
             */
            interface IDesired extends fieldloop.wire.v1.Desired.$Properties {
            }

            /** Represents a Desired. */
            class Desired {

                /**
                 * Constructs a new Desired.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Desired.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Desired generation. */
                generation: (number|Long);

                /** Desired features. */
                features: (number|Long);

                /** Desired sections. */
                sections: fieldloop.wire.v1.DesiredSection.$Properties[];

                /**
                 * Encodes the specified Desired message. Does not implicitly {@link fieldloop.wire.v1.Desired.verify|verify} messages.
                 * @param message Desired message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Desired.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Desired message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Desired & fieldloop.wire.v1.Desired.$Shape} Desired
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Desired & fieldloop.wire.v1.Desired.$Shape;
            }

            namespace Desired {

                /** Properties of a Desired. */
                interface $Properties {

                    /** Desired generation */
                    generation?: (number|Long|null);

                    /** Desired features */
                    features?: (number|Long|null);

                    /** Desired sections */
                    sections?: (fieldloop.wire.v1.DesiredSection.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Desired. */
                type $Shape = fieldloop.wire.v1.Desired.$Properties;
            }

            /**
             * Properties of a DesiredSection.
             * @deprecated Use fieldloop.wire.v1.DesiredSection.$Properties instead.
             */
            interface IDesiredSection extends fieldloop.wire.v1.DesiredSection.$Properties {
            }

            /** Represents a DesiredSection. */
            class DesiredSection {

                /**
                 * Constructs a new DesiredSection.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.DesiredSection.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** DesiredSection name. */
                name: string;

                /** DesiredSection generation. */
                generation: (number|Long);

                /** DesiredSection hash. */
                hash: Uint8Array;

                /** DesiredSection document. */
                document: Uint8Array;

                /** DesiredSection packing. */
                packing: fieldloop.wire.v1.DesiredSection.Packing;

                /**
                 * Encodes the specified DesiredSection message. Does not implicitly {@link fieldloop.wire.v1.DesiredSection.verify|verify} messages.
                 * @param message DesiredSection message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.DesiredSection.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a DesiredSection message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.DesiredSection & fieldloop.wire.v1.DesiredSection.$Shape} DesiredSection
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.DesiredSection & fieldloop.wire.v1.DesiredSection.$Shape;
            }

            namespace DesiredSection {

                /** Properties of a DesiredSection. */
                interface $Properties {

                    /** DesiredSection name */
                    name?: (string|null);

                    /** DesiredSection generation */
                    generation?: (number|Long|null);

                    /** DesiredSection hash */
                    hash?: (Uint8Array|null);

                    /** DesiredSection document */
                    document?: (Uint8Array|null);

                    /** DesiredSection packing */
                    packing?: (fieldloop.wire.v1.DesiredSection.Packing|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a DesiredSection. */
                type $Shape = fieldloop.wire.v1.DesiredSection.$Properties;

                /** Packing enum. */
                enum Packing {

                    /** PACKING_UNSPECIFIED value */
                    PACKING_UNSPECIFIED = 0,

                    /** PACKING_NONE value */
                    PACKING_NONE = 1,

                    /** PACKING_BROTLI value */
                    PACKING_BROTLI = 2
                }
            }

            /**
             * Properties of a Command.
             * @deprecated Use fieldloop.wire.v1.Command.$Properties instead.
             */
            interface ICommand extends fieldloop.wire.v1.Command.$Properties {
            }

            /** Represents a Command. */
            class Command {

                /**
                 * Constructs a new Command.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Command.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Command id. */
                id: Uint8Array;

                /** Command deadlineMs. */
                deadlineMs: (number|Long);

                /** Command pull. */
                pull?: (fieldloop.wire.v1.Pull.$Properties|null);

                /** Command clipNow. */
                clipNow?: (fieldloop.wire.v1.ClipNow.$Properties|null);

                /** Command restart. */
                restart?: (fieldloop.wire.v1.Restart.$Properties|null);

                /** Command logLevel. */
                logLevel?: (fieldloop.wire.v1.SetLogLevel.$Properties|null);

                /** Command ping. */
                ping?: (fieldloop.wire.v1.Ping.$Properties|null);

                /** Command diagnose. */
                diagnose?: (fieldloop.wire.v1.Diagnose.$Properties|null);

                /** Command refresh. */
                refresh?: (fieldloop.wire.v1.Refresh.$Properties|null);

                /** Command body. */
                body?: ("pull"|"clipNow"|"restart"|"logLevel"|"ping"|"diagnose"|"refresh");

                /**
                 * Encodes the specified Command message. Does not implicitly {@link fieldloop.wire.v1.Command.verify|verify} messages.
                 * @param message Command message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Command.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Command message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Command & fieldloop.wire.v1.Command.$Shape} Command
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Command & fieldloop.wire.v1.Command.$Shape;
            }

            namespace Command {

                /** Properties of a Command. */
                interface $Properties {

                    /** Command id */
                    id?: (Uint8Array|null);

                    /** Command deadlineMs */
                    deadlineMs?: (number|Long|null);

                    /** Command pull */
                    pull?: (fieldloop.wire.v1.Pull.$Properties|null);

                    /** Command clipNow */
                    clipNow?: (fieldloop.wire.v1.ClipNow.$Properties|null);

                    /** Command restart */
                    restart?: (fieldloop.wire.v1.Restart.$Properties|null);

                    /** Command logLevel */
                    logLevel?: (fieldloop.wire.v1.SetLogLevel.$Properties|null);

                    /** Command ping */
                    ping?: (fieldloop.wire.v1.Ping.$Properties|null);

                    /** Command diagnose */
                    diagnose?: (fieldloop.wire.v1.Diagnose.$Properties|null);

                    /** Command refresh */
                    refresh?: (fieldloop.wire.v1.Refresh.$Properties|null);

                    /** Command body */
                    body?: ("pull"|"clipNow"|"restart"|"logLevel"|"ping"|"diagnose"|"refresh");

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Narrowed shape of a Command. */
                type $Shape = {
                  id?: Uint8Array|null;
                  deadlineMs?: number|Long|null;
                  pull?: fieldloop.wire.v1.Pull.$Shape|null;
                  clipNow?: fieldloop.wire.v1.ClipNow.$Shape|null;
                  restart?: fieldloop.wire.v1.Restart.$Shape|null;
                  logLevel?: fieldloop.wire.v1.SetLogLevel.$Shape|null;
                  ping?: fieldloop.wire.v1.Ping.$Shape|null;
                  diagnose?: fieldloop.wire.v1.Diagnose.$Shape|null;
                  refresh?: fieldloop.wire.v1.Refresh.$Shape|null;
                  $unknowns?: Uint8Array[];
                } & (
                  ({ body?: undefined; pull?: null; clipNow?: null; restart?: null; logLevel?: null; ping?: null; diagnose?: null; refresh?: null }|{ body?: "pull"; pull: fieldloop.wire.v1.Pull.$Shape; clipNow?: null; restart?: null; logLevel?: null; ping?: null; diagnose?: null; refresh?: null }|{ body?: "clipNow"; pull?: null; clipNow: fieldloop.wire.v1.ClipNow.$Shape; restart?: null; logLevel?: null; ping?: null; diagnose?: null; refresh?: null }|{ body?: "restart"; pull?: null; clipNow?: null; restart: fieldloop.wire.v1.Restart.$Shape; logLevel?: null; ping?: null; diagnose?: null; refresh?: null }|{ body?: "logLevel"; pull?: null; clipNow?: null; restart?: null; logLevel: fieldloop.wire.v1.SetLogLevel.$Shape; ping?: null; diagnose?: null; refresh?: null }|{ body?: "ping"; pull?: null; clipNow?: null; restart?: null; logLevel?: null; ping: fieldloop.wire.v1.Ping.$Shape; diagnose?: null; refresh?: null }|{ body?: "diagnose"; pull?: null; clipNow?: null; restart?: null; logLevel?: null; ping?: null; diagnose: fieldloop.wire.v1.Diagnose.$Shape; refresh?: null }|{ body?: "refresh"; pull?: null; clipNow?: null; restart?: null; logLevel?: null; ping?: null; diagnose?: null; refresh: fieldloop.wire.v1.Refresh.$Shape })
                );
            }

            /**
             * Properties of a Pull.
             * @deprecated Use fieldloop.wire.v1.Pull.$Properties instead.
             */
            interface IPull extends fieldloop.wire.v1.Pull.$Properties {
            }

            /** Represents a Pull. */
            class Pull {

                /**
                 * Constructs a new Pull.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Pull.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Pull clipId. */
                clipId: Uint8Array;

                /** Pull topics. */
                topics: string[];

                /** Pull startNs. */
                startNs?: (number|Long|null);

                /** Pull endNs. */
                endNs?: (number|Long|null);

                /**
                 * Encodes the specified Pull message. Does not implicitly {@link fieldloop.wire.v1.Pull.verify|verify} messages.
                 * @param message Pull message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Pull.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Pull message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Pull & fieldloop.wire.v1.Pull.$Shape} Pull
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Pull & fieldloop.wire.v1.Pull.$Shape;
            }

            namespace Pull {

                /** Properties of a Pull. */
                interface $Properties {

                    /** Pull clipId */
                    clipId?: (Uint8Array|null);

                    /** Pull topics */
                    topics?: (string[]|null);

                    /** Pull startNs */
                    startNs?: (number|Long|null);

                    /** Pull endNs */
                    endNs?: (number|Long|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Pull. */
                type $Shape = fieldloop.wire.v1.Pull.$Properties;
            }

            /**
             * Properties of a ClipNow.
             * @deprecated Use fieldloop.wire.v1.ClipNow.$Properties instead.
             */
            interface IClipNow extends fieldloop.wire.v1.ClipNow.$Properties {
            }

            /** Represents a ClipNow. */
            class ClipNow {

                /**
                 * Constructs a new ClipNow.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.ClipNow.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ClipNow preS. */
                preS: number;

                /** ClipNow postS. */
                postS: number;

                /** ClipNow topics. */
                topics: string[];

                /** ClipNow reason. */
                reason: string;

                /** ClipNow severity. */
                severity: fieldloop.wire.v1.Severity;

                /**
                 * Encodes the specified ClipNow message. Does not implicitly {@link fieldloop.wire.v1.ClipNow.verify|verify} messages.
                 * @param message ClipNow message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.ClipNow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ClipNow message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.ClipNow & fieldloop.wire.v1.ClipNow.$Shape} ClipNow
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.ClipNow & fieldloop.wire.v1.ClipNow.$Shape;
            }

            namespace ClipNow {

                /** Properties of a ClipNow. */
                interface $Properties {

                    /** ClipNow preS */
                    preS?: (number|null);

                    /** ClipNow postS */
                    postS?: (number|null);

                    /** ClipNow topics */
                    topics?: (string[]|null);

                    /** ClipNow reason */
                    reason?: (string|null);

                    /** ClipNow severity */
                    severity?: (fieldloop.wire.v1.Severity|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ClipNow. */
                type $Shape = fieldloop.wire.v1.ClipNow.$Properties;
            }

            /**
             * Properties of a Restart.
             * @deprecated Use fieldloop.wire.v1.Restart.$Properties instead.
             */
            interface IRestart extends fieldloop.wire.v1.Restart.$Properties {
            }

            /** Represents a Restart. */
            class Restart {

                /**
                 * Constructs a new Restart.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Restart.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /**
                 * Encodes the specified Restart message. Does not implicitly {@link fieldloop.wire.v1.Restart.verify|verify} messages.
                 * @param message Restart message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Restart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Restart message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Restart & fieldloop.wire.v1.Restart.$Shape} Restart
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Restart & fieldloop.wire.v1.Restart.$Shape;
            }

            namespace Restart {

                /** Properties of a Restart. */
                interface $Properties {

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Restart. */
                type $Shape = fieldloop.wire.v1.Restart.$Properties;
            }

            /**
             * Properties of a SetLogLevel.
             * @deprecated Use fieldloop.wire.v1.SetLogLevel.$Properties instead.
             */
            interface ISetLogLevel extends fieldloop.wire.v1.SetLogLevel.$Properties {
            }

            /** Represents a SetLogLevel. */
            class SetLogLevel {

                /**
                 * Constructs a new SetLogLevel.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.SetLogLevel.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** SetLogLevel level. */
                level: fieldloop.wire.v1.SetLogLevel.Level;

                /**
                 * Encodes the specified SetLogLevel message. Does not implicitly {@link fieldloop.wire.v1.SetLogLevel.verify|verify} messages.
                 * @param message SetLogLevel message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.SetLogLevel.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a SetLogLevel message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.SetLogLevel & fieldloop.wire.v1.SetLogLevel.$Shape} SetLogLevel
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.SetLogLevel & fieldloop.wire.v1.SetLogLevel.$Shape;
            }

            namespace SetLogLevel {

                /** Properties of a SetLogLevel. */
                interface $Properties {

                    /** SetLogLevel level */
                    level?: (fieldloop.wire.v1.SetLogLevel.Level|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a SetLogLevel. */
                type $Shape = fieldloop.wire.v1.SetLogLevel.$Properties;

                /** Level enum. */
                enum Level {

                    /** LEVEL_UNSPECIFIED value */
                    LEVEL_UNSPECIFIED = 0,

                    /** LEVEL_DEBUG value */
                    LEVEL_DEBUG = 1,

                    /** LEVEL_INFO value */
                    LEVEL_INFO = 2,

                    /** LEVEL_WARN value */
                    LEVEL_WARN = 3,

                    /** LEVEL_ERROR value */
                    LEVEL_ERROR = 4
                }
            }

            /**
             * Properties of a Ping.
             * @deprecated Use fieldloop.wire.v1.Ping.$Properties instead.
             */
            interface IPing extends fieldloop.wire.v1.Ping.$Properties {
            }

            /** Represents a Ping. */
            class Ping {

                /**
                 * Constructs a new Ping.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Ping.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /**
                 * Encodes the specified Ping message. Does not implicitly {@link fieldloop.wire.v1.Ping.verify|verify} messages.
                 * @param message Ping message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Ping.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Ping message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Ping & fieldloop.wire.v1.Ping.$Shape} Ping
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Ping & fieldloop.wire.v1.Ping.$Shape;
            }

            namespace Ping {

                /** Properties of a Ping. */
                interface $Properties {

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Ping. */
                type $Shape = fieldloop.wire.v1.Ping.$Properties;
            }

            /**
             * Properties of a Diagnose.
             * @deprecated Use fieldloop.wire.v1.Diagnose.$Properties instead.
             */
            interface IDiagnose extends fieldloop.wire.v1.Diagnose.$Properties {
            }

            /** Represents a Diagnose. */
            class Diagnose {

                /**
                 * Constructs a new Diagnose.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Diagnose.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /**
                 * Encodes the specified Diagnose message. Does not implicitly {@link fieldloop.wire.v1.Diagnose.verify|verify} messages.
                 * @param message Diagnose message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Diagnose.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Diagnose message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Diagnose & fieldloop.wire.v1.Diagnose.$Shape} Diagnose
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Diagnose & fieldloop.wire.v1.Diagnose.$Shape;
            }

            namespace Diagnose {

                /** Properties of a Diagnose. */
                interface $Properties {

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Diagnose. */
                type $Shape = fieldloop.wire.v1.Diagnose.$Properties;
            }

            /**
             * Properties of a Refresh.
             * @deprecated Use fieldloop.wire.v1.Refresh.$Properties instead.
             */
            interface IRefresh extends fieldloop.wire.v1.Refresh.$Properties {
            }

            /** Represents a Refresh. */
            class Refresh {

                /**
                 * Constructs a new Refresh.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Refresh.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Refresh section. */
                section: string;

                /**
                 * Encodes the specified Refresh message. Does not implicitly {@link fieldloop.wire.v1.Refresh.verify|verify} messages.
                 * @param message Refresh message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Refresh.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Refresh message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Refresh & fieldloop.wire.v1.Refresh.$Shape} Refresh
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Refresh & fieldloop.wire.v1.Refresh.$Shape;
            }

            namespace Refresh {

                /** Properties of a Refresh. */
                interface $Properties {

                    /** Refresh section */
                    section?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Refresh. */
                type $Shape = fieldloop.wire.v1.Refresh.$Properties;
            }

            /**
             * Properties of a Telemetry.
             * @deprecated Use fieldloop.wire.v1.Telemetry.$Properties instead.
             */
            interface ITelemetry extends fieldloop.wire.v1.Telemetry.$Properties {
            }

            /** Represents a Telemetry. */
            class Telemetry {

                /**
                 * Constructs a new Telemetry.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Telemetry.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Telemetry bootId. */
                bootId: Uint8Array;

                /** Telemetry seq. */
                seq: (number|Long);

                /** Telemetry atMs. */
                atMs: (number|Long);

                /** Telemetry series. */
                series: fieldloop.wire.v1.Series.$Properties[];

                /**
                 * Encodes the specified Telemetry message. Does not implicitly {@link fieldloop.wire.v1.Telemetry.verify|verify} messages.
                 * @param message Telemetry message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Telemetry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Telemetry message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Telemetry & fieldloop.wire.v1.Telemetry.$Shape} Telemetry
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Telemetry & fieldloop.wire.v1.Telemetry.$Shape;
            }

            namespace Telemetry {

                /** Properties of a Telemetry. */
                interface $Properties {

                    /** Telemetry bootId */
                    bootId?: (Uint8Array|null);

                    /** Telemetry seq */
                    seq?: (number|Long|null);

                    /** Telemetry atMs */
                    atMs?: (number|Long|null);

                    /** Telemetry series */
                    series?: (fieldloop.wire.v1.Series.$Properties[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Telemetry. */
                type $Shape = fieldloop.wire.v1.Telemetry.$Properties;
            }

            /**
             * Properties of a Series.
             * @deprecated Use fieldloop.wire.v1.Series.$Properties instead.
             */
            interface ISeries extends fieldloop.wire.v1.Series.$Properties {
            }

            /** Represents a Series. */
            class Series {

                /**
                 * Constructs a new Series.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: fieldloop.wire.v1.Series.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Series name. */
                name: string;

                /** Series unit. */
                unit: string;

                /** Series value. */
                value: number;

                /**
                 * Encodes the specified Series message. Does not implicitly {@link fieldloop.wire.v1.Series.verify|verify} messages.
                 * @param message Series message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: fieldloop.wire.v1.Series.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Series message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Series & fieldloop.wire.v1.Series.$Shape} Series
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): fieldloop.wire.v1.Series & fieldloop.wire.v1.Series.$Shape;
            }

            namespace Series {

                /** Properties of a Series. */
                interface $Properties {

                    /** Series name */
                    name?: (string|null);

                    /** Series unit */
                    unit?: (string|null);

                    /** Series value */
                    value?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Series. */
                type $Shape = fieldloop.wire.v1.Series.$Properties;
            }
        }
    }
}
