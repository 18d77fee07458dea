// Generated from proto/wire.proto by proto/generate.ts. Do not edit.
/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const fieldloop = $root.fieldloop = (() => {

    /**
     * Namespace fieldloop.
     * @exports fieldloop
     * @namespace
     */
    const fieldloop = {};

    fieldloop.wire = (function() {

        /**
         * Namespace wire.
         * @memberof fieldloop
         * @namespace
         */
        const wire = {};

        wire.v1 = (function() {

            /**
             * Namespace v1.
             * @memberof fieldloop.wire
             * @namespace
             */
            const v1 = {};

            /**
             * Lane enum.
             * @name fieldloop.wire.v1.Lane
             * @enum {number}
             * @property {number} LANE_UNSPECIFIED=0 LANE_UNSPECIFIED value
             * @property {number} LANE_EVENTS=1 LANE_EVENTS value
             * @property {number} LANE_MANIFESTS=2 LANE_MANIFESTS value
             * @property {number} LANE_REPORTED=3 LANE_REPORTED value
             */
            v1.Lane = (function() {
                const valuesById = $Object.create(null), values = $Object.create(valuesById);
                values[valuesById[0] = "LANE_UNSPECIFIED"] = 0;
                values[valuesById[1] = "LANE_EVENTS"] = 1;
                values[valuesById[2] = "LANE_MANIFESTS"] = 2;
                values[valuesById[3] = "LANE_REPORTED"] = 3;
                return values;
            })();

            /**
             * Severity enum.
             * @name fieldloop.wire.v1.Severity
             * @enum {number}
             * @property {number} SEVERITY_UNSPECIFIED=0 SEVERITY_UNSPECIFIED value
             * @property {number} SEVERITY_CRITICAL=1 SEVERITY_CRITICAL value
             * @property {number} SEVERITY_WARNING=2 SEVERITY_WARNING value
             * @property {number} SEVERITY_INFO=3 SEVERITY_INFO value
             */
            v1.Severity = (function() {
                const valuesById = $Object.create(null), values = $Object.create(valuesById);
                values[valuesById[0] = "SEVERITY_UNSPECIFIED"] = 0;
                values[valuesById[1] = "SEVERITY_CRITICAL"] = 1;
                values[valuesById[2] = "SEVERITY_WARNING"] = 2;
                values[valuesById[3] = "SEVERITY_INFO"] = 3;
                return values;
            })();

            /**
             * ClipClass enum.
             * @name fieldloop.wire.v1.ClipClass
             * @enum {number}
             * @property {number} CLIP_CLASS_UNSPECIFIED=0 CLIP_CLASS_UNSPECIFIED value
             * @property {number} CLIP_CLASS_CRITICAL=1 CLIP_CLASS_CRITICAL value
             * @property {number} CLIP_CLASS_WARNING=2 CLIP_CLASS_WARNING value
             * @property {number} CLIP_CLASS_INFO=3 CLIP_CLASS_INFO value
             * @property {number} CLIP_CLASS_BASELINE=4 CLIP_CLASS_BASELINE value
             */
            v1.ClipClass = (function() {
                const valuesById = $Object.create(null), values = $Object.create(valuesById);
                values[valuesById[0] = "CLIP_CLASS_UNSPECIFIED"] = 0;
                values[valuesById[1] = "CLIP_CLASS_CRITICAL"] = 1;
                values[valuesById[2] = "CLIP_CLASS_WARNING"] = 2;
                values[valuesById[3] = "CLIP_CLASS_INFO"] = 3;
                values[valuesById[4] = "CLIP_CLASS_BASELINE"] = 4;
                return values;
            })();

            /**
             * Code enum.
             * @name fieldloop.wire.v1.Code
             * @enum {number}
             * @property {number} CODE_UNSPECIFIED=0 CODE_UNSPECIFIED value
             * @property {number} CODE_UNKNOWN=1 CODE_UNKNOWN value
             * @property {number} CODE_GAP=2 CODE_GAP value
             * @property {number} CODE_CRC=3 CODE_CRC value
             * @property {number} CODE_OVERRUN=4 CODE_OVERRUN value
             * @property {number} CODE_HASH=5 CODE_HASH value
             * @property {number} CODE_BUSY=6 CODE_BUSY value
             * @property {number} CODE_DRAINING=7 CODE_DRAINING value
             * @property {number} CODE_MOVED=8 CODE_MOVED value
             * @property {number} CODE_QUOTA=9 CODE_QUOTA value
             * @property {number} CODE_NO_SPACE=10 CODE_NO_SPACE value
             * @property {number} CODE_IO=11 CODE_IO value
             * @property {number} CODE_TOO_LARGE=12 CODE_TOO_LARGE value
             * @property {number} CODE_KIND=13 CODE_KIND value
             * @property {number} CODE_UNWANTED=14 CODE_UNWANTED value
             * @property {number} CODE_SEQ_REUSED=15 CODE_SEQ_REUSED value
             * @property {number} CODE_MALFORMED=16 CODE_MALFORMED value
             * @property {number} CODE_VERSION=17 CODE_VERSION value
             */
            v1.Code = (function() {
                const valuesById = $Object.create(null), values = $Object.create(valuesById);
                values[valuesById[0] = "CODE_UNSPECIFIED"] = 0;
                values[valuesById[1] = "CODE_UNKNOWN"] = 1;
                values[valuesById[2] = "CODE_GAP"] = 2;
                values[valuesById[3] = "CODE_CRC"] = 3;
                values[valuesById[4] = "CODE_OVERRUN"] = 4;
                values[valuesById[5] = "CODE_HASH"] = 5;
                values[valuesById[6] = "CODE_BUSY"] = 6;
                values[valuesById[7] = "CODE_DRAINING"] = 7;
                values[valuesById[8] = "CODE_MOVED"] = 8;
                values[valuesById[9] = "CODE_QUOTA"] = 9;
                values[valuesById[10] = "CODE_NO_SPACE"] = 10;
                values[valuesById[11] = "CODE_IO"] = 11;
                values[valuesById[12] = "CODE_TOO_LARGE"] = 12;
                values[valuesById[13] = "CODE_KIND"] = 13;
                values[valuesById[14] = "CODE_UNWANTED"] = 14;
                values[valuesById[15] = "CODE_SEQ_REUSED"] = 15;
                values[valuesById[16] = "CODE_MALFORMED"] = 16;
                values[valuesById[17] = "CODE_VERSION"] = 17;
                return values;
            })();

            v1.Status = (function() {

                /**
                 * Properties of a Status.
                 * @typedef {Object} fieldloop.wire.v1.Status.$Properties
                 * @property {Uint8Array|null} [bootId] Status bootId
                 * @property {number|Long|null} [conn] Status conn
                 * @property {boolean|null} [online] Status online
                 * @property {string|null} [agent] Status agent
                 * @property {number|Long|null} [features] Status features
                 * @property {Array.<fieldloop.wire.v1.LaneState.$Properties>|null} [lanes] Status lanes
                 * @property {fieldloop.wire.v1.DeviceClock.$Properties|null} [clock] Status clock
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Status.
                 * @memberof fieldloop.wire.v1
                 * @interface IStatus
                 * @augments fieldloop.wire.v1.Status.$Properties
                 * @deprecated Use fieldloop.wire.v1.Status.$Properties instead.
                 */

                /**
                 * Shape of a Status.
                 * @typedef {fieldloop.wire.v1.Status.$Properties} fieldloop.wire.v1.Status.$Shape
                 */

                /**
                 * Constructs a new Status.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Status.
                 * @constructor
                 * @param {fieldloop.wire.v1.Status.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Status = function (properties) {
                    this.lanes = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Status bootId.
                 * @member {Uint8Array} bootId
                 * @memberof fieldloop.wire.v1.Status
                 * @instance
                 */
                Status.prototype.bootId = $util.newBuffer([]);

                /**
                 * Status conn.
                 * @member {number|Long} conn
                 * @memberof fieldloop.wire.v1.Status
                 * @instance
                 */
                Status.prototype.conn = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Status online.
                 * @member {boolean} online
                 * @memberof fieldloop.wire.v1.Status
                 * @instance
                 */
                Status.prototype.online = false;

                /**
                 * Status agent.
                 * @member {string} agent
                 * @memberof fieldloop.wire.v1.Status
                 * @instance
                 */
                Status.prototype.agent = "";

                /**
                 * Status features.
                 * @member {number|Long} features
                 * @memberof fieldloop.wire.v1.Status
                 * @instance
                 */
                Status.prototype.features = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Status lanes.
                 * @member {Array.<fieldloop.wire.v1.LaneState.$Properties>} lanes
                 * @memberof fieldloop.wire.v1.Status
                 * @instance
                 */
                Status.prototype.lanes = $util.emptyArray;

                /**
                 * Status clock.
                 * @member {fieldloop.wire.v1.DeviceClock.$Properties|null|undefined} clock
                 * @memberof fieldloop.wire.v1.Status
                 * @instance
                 */
                Status.prototype.clock = null;

                /**
                 * Encodes the specified Status message. Does not implicitly {@link fieldloop.wire.v1.Status.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Status
                 * @static
                 * @param {fieldloop.wire.v1.Status.$Properties} message Status message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Status.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.bootId != null && $Object.hasOwnProperty.call(message, "bootId") && message.bootId.length)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.bootId);
                    if (message.conn != null && $Object.hasOwnProperty.call(message, "conn") && (typeof message.conn === "object" ? message.conn.low || message.conn.high : message.conn !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.conn);
                    if (message.online != null && $Object.hasOwnProperty.call(message, "online") && message.online !== false)
                        writer.uint32(/* id 3, wireType 0 =*/24).bool(message.online);
                    if (message.agent != null && $Object.hasOwnProperty.call(message, "agent") && message.agent !== "")
                        writer.uint32(/* id 4, wireType 2 =*/34).string(message.agent);
                    if (message.features != null && $Object.hasOwnProperty.call(message, "features") && (typeof message.features === "object" ? message.features.low || message.features.high : message.features !== 0))
                        writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.features);
                    if (message.lanes != null && message.lanes.length)
                        for (let i = 0; i < message.lanes.length; ++i)
                            $root.fieldloop.wire.v1.LaneState.encode(message.lanes[i], writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                    if (message.clock != null && $Object.hasOwnProperty.call(message, "clock"))
                        $root.fieldloop.wire.v1.DeviceClock.encode(message.clock, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Status message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Status
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Status & fieldloop.wire.v1.Status.$Shape} Status
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Status.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Status();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.bootId = value;
                                else
                                    delete message.bootId;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.conn = value;
                                else
                                    delete message.conn;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.bool())
                                    message.online = value;
                                else
                                    delete message.online;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.agent = value;
                                else
                                    delete message.agent;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.features = value;
                                else
                                    delete message.features;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.lanes && message.lanes.length))
                                    message.lanes = [];
                                message.lanes.push($root.fieldloop.wire.v1.LaneState.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        case 7: {
                                if (wireType !== 2)
                                    break;
                                message.clock = $root.fieldloop.wire.v1.DeviceClock.decode(reader, reader.size(), $undefined, _depth + 1, message.clock);
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Status;
            })();

            v1.LaneState = (function() {

                /**
                 * Properties of a LaneState.
                 * @typedef {Object} fieldloop.wire.v1.LaneState.$Properties
                 * @property {fieldloop.wire.v1.Lane|null} [lane] LaneState lane
                 * @property {number|Long|null} [origin] LaneState origin
                 * @property {number|Long|null} [lowest] LaneState lowest
                 * @property {number|Long|null} [highest] LaneState highest
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a LaneState.
                 * @memberof fieldloop.wire.v1
                 * @interface ILaneState
                 * @augments fieldloop.wire.v1.LaneState.$Properties
                 * @deprecated Use fieldloop.wire.v1.LaneState.$Properties instead.
                 */

                /**
                 * Shape of a LaneState.
                 * @typedef {fieldloop.wire.v1.LaneState.$Properties} fieldloop.wire.v1.LaneState.$Shape
                 */

                /**
                 * Constructs a new LaneState.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a LaneState.
                 * @constructor
                 * @param {fieldloop.wire.v1.LaneState.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const LaneState = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * LaneState lane.
                 * @member {fieldloop.wire.v1.Lane} lane
                 * @memberof fieldloop.wire.v1.LaneState
                 * @instance
                 */
                LaneState.prototype.lane = 0;

                /**
                 * LaneState origin.
                 * @member {number|Long} origin
                 * @memberof fieldloop.wire.v1.LaneState
                 * @instance
                 */
                LaneState.prototype.origin = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * LaneState lowest.
                 * @member {number|Long} lowest
                 * @memberof fieldloop.wire.v1.LaneState
                 * @instance
                 */
                LaneState.prototype.lowest = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * LaneState highest.
                 * @member {number|Long} highest
                 * @memberof fieldloop.wire.v1.LaneState
                 * @instance
                 */
                LaneState.prototype.highest = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Encodes the specified LaneState message. Does not implicitly {@link fieldloop.wire.v1.LaneState.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.LaneState
                 * @static
                 * @param {fieldloop.wire.v1.LaneState.$Properties} message LaneState message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                LaneState.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.lane != null && $Object.hasOwnProperty.call(message, "lane") && message.lane !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).int32(message.lane);
                    if (message.origin != null && $Object.hasOwnProperty.call(message, "origin") && (typeof message.origin === "object" ? message.origin.low || message.origin.high : message.origin !== 0))
                        writer.uint32(/* id 2, wireType 1 =*/17).fixed64(message.origin);
                    if (message.lowest != null && $Object.hasOwnProperty.call(message, "lowest") && (typeof message.lowest === "object" ? message.lowest.low || message.lowest.high : message.lowest !== 0))
                        writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.lowest);
                    if (message.highest != null && $Object.hasOwnProperty.call(message, "highest") && (typeof message.highest === "object" ? message.highest.low || message.highest.high : message.highest !== 0))
                        writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.highest);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a LaneState message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.LaneState
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.LaneState & fieldloop.wire.v1.LaneState.$Shape} LaneState
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                LaneState.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.LaneState();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.lane = value;
                                else
                                    delete message.lane;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.origin = value;
                                else
                                    delete message.origin;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.lowest = value;
                                else
                                    delete message.lowest;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.highest = value;
                                else
                                    delete message.highest;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return LaneState;
            })();

            v1.DeviceClock = (function() {

                /**
                 * Properties of a DeviceClock.
                 * @typedef {Object} fieldloop.wire.v1.DeviceClock.$Properties
                 * @property {number|Long|null} [unixMs] DeviceClock unixMs
                 * @property {boolean|null} [synced] DeviceClock synced
                 * @property {string|null} [source] DeviceClock source
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a DeviceClock.
                 * @memberof fieldloop.wire.v1
                 * @interface IDeviceClock
                 * @augments fieldloop.wire.v1.DeviceClock.$Properties
                 * @deprecated Use fieldloop.wire.v1.DeviceClock.$Properties instead.
                 */

                /**
                 * Shape of a DeviceClock.
                 * @typedef {fieldloop.wire.v1.DeviceClock.$Properties} fieldloop.wire.v1.DeviceClock.$Shape
                 */

                /**
                 * Constructs a new DeviceClock.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a DeviceClock.
                 * @constructor
                 * @param {fieldloop.wire.v1.DeviceClock.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const DeviceClock = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * DeviceClock unixMs.
                 * @member {number|Long} unixMs
                 * @memberof fieldloop.wire.v1.DeviceClock
                 * @instance
                 */
                DeviceClock.prototype.unixMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * DeviceClock synced.
                 * @member {boolean} synced
                 * @memberof fieldloop.wire.v1.DeviceClock
                 * @instance
                 */
                DeviceClock.prototype.synced = false;

                /**
                 * DeviceClock source.
                 * @member {string} source
                 * @memberof fieldloop.wire.v1.DeviceClock
                 * @instance
                 */
                DeviceClock.prototype.source = "";

                /**
                 * Encodes the specified DeviceClock message. Does not implicitly {@link fieldloop.wire.v1.DeviceClock.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.DeviceClock
                 * @static
                 * @param {fieldloop.wire.v1.DeviceClock.$Properties} message DeviceClock message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                DeviceClock.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.unixMs != null && $Object.hasOwnProperty.call(message, "unixMs") && (typeof message.unixMs === "object" ? message.unixMs.low || message.unixMs.high : message.unixMs !== 0))
                        writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.unixMs);
                    if (message.synced != null && $Object.hasOwnProperty.call(message, "synced") && message.synced !== false)
                        writer.uint32(/* id 2, wireType 0 =*/16).bool(message.synced);
                    if (message.source != null && $Object.hasOwnProperty.call(message, "source") && message.source !== "")
                        writer.uint32(/* id 3, wireType 2 =*/26).string(message.source);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a DeviceClock message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.DeviceClock
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.DeviceClock & fieldloop.wire.v1.DeviceClock.$Shape} DeviceClock
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                DeviceClock.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.DeviceClock();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.unixMs = value;
                                else
                                    delete message.unixMs;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.bool())
                                    message.synced = value;
                                else
                                    delete message.synced;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.source = value;
                                else
                                    delete message.source;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return DeviceClock;
            })();

            v1.Events = (function() {

                /**
                 * Properties of an Events.
                 * @typedef {Object} fieldloop.wire.v1.Events.$Properties
                 * @property {number|Long|null} [origin] Events origin
                 * @property {number|Long|null} [firstSeq] Events firstSeq
                 * @property {Array.<fieldloop.wire.v1.EventRow.$Properties>|null} [rows] Events rows
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an Events.
                 * @memberof fieldloop.wire.v1
                 * @interface IEvents
                 * @augments fieldloop.wire.v1.Events.$Properties
                 * @deprecated Use fieldloop.wire.v1.Events.$Properties instead.
                 */

                /**
                 * Shape of an Events.
                 * @typedef {{
                 *   origin?: number|Long|null;
                 *   firstSeq?: number|Long|null;
                 *   rows?: Array.<fieldloop.wire.v1.EventRow.$Shape>|null;
                 *   $unknowns?: Array.<Uint8Array>;
                 * }} fieldloop.wire.v1.Events.$Shape
                 */

                /**
                 * Constructs a new Events.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents an Events.
                 * @constructor
                 * @param {fieldloop.wire.v1.Events.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Events = function (properties) {
                    this.rows = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Events origin.
                 * @member {number|Long} origin
                 * @memberof fieldloop.wire.v1.Events
                 * @instance
                 */
                Events.prototype.origin = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Events firstSeq.
                 * @member {number|Long} firstSeq
                 * @memberof fieldloop.wire.v1.Events
                 * @instance
                 */
                Events.prototype.firstSeq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Events rows.
                 * @member {Array.<fieldloop.wire.v1.EventRow.$Properties>} rows
                 * @memberof fieldloop.wire.v1.Events
                 * @instance
                 */
                Events.prototype.rows = $util.emptyArray;

                /**
                 * Encodes the specified Events message. Does not implicitly {@link fieldloop.wire.v1.Events.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Events
                 * @static
                 * @param {fieldloop.wire.v1.Events.$Properties} message Events message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Events.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.origin != null && $Object.hasOwnProperty.call(message, "origin") && (typeof message.origin === "object" ? message.origin.low || message.origin.high : message.origin !== 0))
                        writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.origin);
                    if (message.firstSeq != null && $Object.hasOwnProperty.call(message, "firstSeq") && (typeof message.firstSeq === "object" ? message.firstSeq.low || message.firstSeq.high : message.firstSeq !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.firstSeq);
                    if (message.rows != null && message.rows.length)
                        for (let i = 0; i < message.rows.length; ++i)
                            $root.fieldloop.wire.v1.EventRow.encode(message.rows[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an Events message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Events
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Events & fieldloop.wire.v1.Events.$Shape} Events
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Events.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Events();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.origin = value;
                                else
                                    delete message.origin;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.firstSeq = value;
                                else
                                    delete message.firstSeq;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.rows && message.rows.length))
                                    message.rows = [];
                                message.rows.push($root.fieldloop.wire.v1.EventRow.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Events;
            })();

            v1.EventsEnvelope = (function() {

                /**
                 * Properties of an EventsEnvelope.
                 * @typedef {Object} fieldloop.wire.v1.EventsEnvelope.$Properties
                 * @property {number|Long|null} [origin] EventsEnvelope origin
                 * @property {number|Long|null} [firstSeq] EventsEnvelope firstSeq
                 * @property {Array.<Uint8Array>|null} [rows] EventsEnvelope rows
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an EventsEnvelope.
                 * @memberof fieldloop.wire.v1
                 * @interface IEventsEnvelope
                 * @augments fieldloop.wire.v1.EventsEnvelope.$Properties
                 * @deprecated Use fieldloop.wire.v1.EventsEnvelope.$Properties instead.
                 */

                /**
                 * Shape of an EventsEnvelope.
                 * @typedef {fieldloop.wire.v1.EventsEnvelope.$Properties} fieldloop.wire.v1.EventsEnvelope.$Shape
                 */

                /**
                 * Constructs a new EventsEnvelope.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents an EventsEnvelope.
                 * @constructor
                 * @param {fieldloop.wire.v1.EventsEnvelope.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const EventsEnvelope = function (properties) {
                    this.rows = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * EventsEnvelope origin.
                 * @member {number|Long} origin
                 * @memberof fieldloop.wire.v1.EventsEnvelope
                 * @instance
                 */
                EventsEnvelope.prototype.origin = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * EventsEnvelope firstSeq.
                 * @member {number|Long} firstSeq
                 * @memberof fieldloop.wire.v1.EventsEnvelope
                 * @instance
                 */
                EventsEnvelope.prototype.firstSeq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * EventsEnvelope rows.
                 * @member {Array.<Uint8Array>} rows
                 * @memberof fieldloop.wire.v1.EventsEnvelope
                 * @instance
                 */
                EventsEnvelope.prototype.rows = $util.emptyArray;

                /**
                 * Encodes the specified EventsEnvelope message. Does not implicitly {@link fieldloop.wire.v1.EventsEnvelope.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.EventsEnvelope
                 * @static
                 * @param {fieldloop.wire.v1.EventsEnvelope.$Properties} message EventsEnvelope message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                EventsEnvelope.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.origin != null && $Object.hasOwnProperty.call(message, "origin") && (typeof message.origin === "object" ? message.origin.low || message.origin.high : message.origin !== 0))
                        writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.origin);
                    if (message.firstSeq != null && $Object.hasOwnProperty.call(message, "firstSeq") && (typeof message.firstSeq === "object" ? message.firstSeq.low || message.firstSeq.high : message.firstSeq !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.firstSeq);
                    if (message.rows != null && message.rows.length)
                        for (let i = 0; i < message.rows.length; ++i)
                            writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.rows[i]);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an EventsEnvelope message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.EventsEnvelope
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.EventsEnvelope & fieldloop.wire.v1.EventsEnvelope.$Shape} EventsEnvelope
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                EventsEnvelope.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.EventsEnvelope();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.origin = value;
                                else
                                    delete message.origin;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.firstSeq = value;
                                else
                                    delete message.firstSeq;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.rows && message.rows.length))
                                    message.rows = [];
                                message.rows.push(reader.bytes());
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return EventsEnvelope;
            })();

            v1.EventRow = (function() {

                /**
                 * Properties of an EventRow.
                 * @typedef {Object} fieldloop.wire.v1.EventRow.$Properties
                 * @property {fieldloop.wire.v1.Event.$Properties|null} [event] EventRow event
                 * @property {fieldloop.wire.v1.Marker.$Properties|null} [marker] EventRow marker
                 * @property {fieldloop.wire.v1.Gap.$Properties|null} [gap] EventRow gap
                 * @property {"event"|"marker"|"gap"} [row] EventRow row
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an EventRow.
                 * @memberof fieldloop.wire.v1
                 * @interface IEventRow
                 * @augments fieldloop.wire.v1.EventRow.$Properties
                 * @deprecated Use fieldloop.wire.v1.EventRow.$Properties instead.
                 */

                /**
                 * Narrowed shape of an EventRow.
                 * @typedef {{
                 *   event?: fieldloop.wire.v1.Event.$Shape|null;
                 *   marker?: fieldloop.wire.v1.Marker.$Shape|null;
                 *   gap?: fieldloop.wire.v1.Gap.$Shape|null;
                 *   $unknowns?: Array.<Uint8Array>;
                 * } & (
                 *   ({ row?: undefined; event?: null; marker?: null; gap?: null }|{ row?: "event"; event: fieldloop.wire.v1.Event.$Shape; marker?: null; gap?: null }|{ row?: "marker"; event?: null; marker: fieldloop.wire.v1.Marker.$Shape; gap?: null }|{ row?: "gap"; event?: null; marker?: null; gap: fieldloop.wire.v1.Gap.$Shape })
                 * )} fieldloop.wire.v1.EventRow.$Shape
                 */

                /**
                 * Constructs a new EventRow.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents an EventRow.
                 * @constructor
                 * @param {fieldloop.wire.v1.EventRow.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const EventRow = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * EventRow event.
                 * @member {fieldloop.wire.v1.Event.$Properties|null|undefined} event
                 * @memberof fieldloop.wire.v1.EventRow
                 * @instance
                 */
                EventRow.prototype.event = null;

                /**
                 * EventRow marker.
                 * @member {fieldloop.wire.v1.Marker.$Properties|null|undefined} marker
                 * @memberof fieldloop.wire.v1.EventRow
                 * @instance
                 */
                EventRow.prototype.marker = null;

                /**
                 * EventRow gap.
                 * @member {fieldloop.wire.v1.Gap.$Properties|null|undefined} gap
                 * @memberof fieldloop.wire.v1.EventRow
                 * @instance
                 */
                EventRow.prototype.gap = null;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                /**
                 * EventRow row.
                 * @member {"event"|"marker"|"gap"|undefined} row
                 * @memberof fieldloop.wire.v1.EventRow
                 * @instance
                 */
                $Object.defineProperty(EventRow.prototype, "row", {
                    get: $util.oneOfGetter($oneOfFields = ["event", "marker", "gap"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified EventRow message. Does not implicitly {@link fieldloop.wire.v1.EventRow.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.EventRow
                 * @static
                 * @param {fieldloop.wire.v1.EventRow.$Properties} message EventRow message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                EventRow.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.event != null && $Object.hasOwnProperty.call(message, "event"))
                        $root.fieldloop.wire.v1.Event.encode(message.event, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                    if (message.marker != null && $Object.hasOwnProperty.call(message, "marker"))
                        $root.fieldloop.wire.v1.Marker.encode(message.marker, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                    if (message.gap != null && $Object.hasOwnProperty.call(message, "gap"))
                        $root.fieldloop.wire.v1.Gap.encode(message.gap, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an EventRow message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.EventRow
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.EventRow & fieldloop.wire.v1.EventRow.$Shape} EventRow
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                EventRow.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.EventRow();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                message.event = $root.fieldloop.wire.v1.Event.decode(reader, reader.size(), $undefined, _depth + 1, message.event);
                                message.row = "event";
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                message.marker = $root.fieldloop.wire.v1.Marker.decode(reader, reader.size(), $undefined, _depth + 1, message.marker);
                                message.row = "marker";
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                message.gap = $root.fieldloop.wire.v1.Gap.decode(reader, reader.size(), $undefined, _depth + 1, message.gap);
                                message.row = "gap";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return EventRow;
            })();

            v1.Event = (function() {

                /**
                 * Properties of an Event.
                 * @typedef {Object} fieldloop.wire.v1.Event.$Properties
                 * @property {Uint8Array|null} [id] Event id
                 * @property {string|null} [name] Event name
                 * @property {fieldloop.wire.v1.Severity|null} [severity] Event severity
                 * @property {number|Long|null} [atNs] Event atNs
                 * @property {boolean|null} [synced] Event synced
                 * @property {Uint8Array|null} [sessionId] Event sessionId
                 * @property {Uint8Array|null} [clipId] Event clipId
                 * @property {string|null} [rule] Event rule
                 * @property {Uint8Array|null} [ruleSet] Event ruleSet
                 * @property {number|null} [margin] Event margin
                 * @property {Array.<fieldloop.wire.v1.Value.$Properties>|null} [values] Event values
                 * @property {string|null} [text] Event text
                 * @property {Array.<string>|null} [tags] Event tags
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an Event.
                 * @memberof fieldloop.wire.v1
                 * @interface IEvent
                 * @augments fieldloop.wire.v1.Event.$Properties
                 * @deprecated Use fieldloop.wire.v1.Event.$Properties instead.
                 */

                /**
                 * Shape of an Event.
                 * @typedef {{
                 *   id?: Uint8Array|null;
                 *   name?: string|null;
                 *   severity?: fieldloop.wire.v1.Severity|null;
                 *   atNs?: number|Long|null;
                 *   synced?: boolean|null;
                 *   sessionId?: Uint8Array|null;
                 *   clipId?: Uint8Array|null;
                 *   rule?: string|null;
                 *   ruleSet?: Uint8Array|null;
                 *   margin?: number|null;
                 *   values?: Array.<fieldloop.wire.v1.Value.$Shape>|null;
                 *   text?: string|null;
                 *   tags?: Array.<string>|null;
                 *   $unknowns?: Array.<Uint8Array>;
                 * }} fieldloop.wire.v1.Event.$Shape
                 */

                /**
                 * Constructs a new Event.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents an Event.
                 * @constructor
                 * @param {fieldloop.wire.v1.Event.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Event = function (properties) {
                    this.values = [];
                    this.tags = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Event id.
                 * @member {Uint8Array} id
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.id = $util.newBuffer([]);

                /**
                 * Event name.
                 * @member {string} name
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.name = "";

                /**
                 * Event severity.
                 * @member {fieldloop.wire.v1.Severity} severity
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.severity = 0;

                /**
                 * Event atNs.
                 * @member {number|Long} atNs
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.atNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Event synced.
                 * @member {boolean} synced
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.synced = false;

                /**
                 * Event sessionId.
                 * @member {Uint8Array} sessionId
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.sessionId = $util.newBuffer([]);

                /**
                 * Event clipId.
                 * @member {Uint8Array|null|undefined} clipId
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.clipId = null;

                /**
                 * Event rule.
                 * @member {string} rule
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.rule = "";

                /**
                 * Event ruleSet.
                 * @member {Uint8Array|null|undefined} ruleSet
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.ruleSet = null;

                /**
                 * Event margin.
                 * @member {number|null|undefined} margin
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.margin = null;

                /**
                 * Event values.
                 * @member {Array.<fieldloop.wire.v1.Value.$Properties>} values
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.values = $util.emptyArray;

                /**
                 * Event text.
                 * @member {string} text
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.text = "";

                /**
                 * Event tags.
                 * @member {Array.<string>} tags
                 * @memberof fieldloop.wire.v1.Event
                 * @instance
                 */
                Event.prototype.tags = $util.emptyArray;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Event.prototype, "_clipId", {
                    get: $util.oneOfGetter($oneOfFields = ["clipId"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Event.prototype, "_ruleSet", {
                    get: $util.oneOfGetter($oneOfFields = ["ruleSet"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Event.prototype, "_margin", {
                    get: $util.oneOfGetter($oneOfFields = ["margin"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Event message. Does not implicitly {@link fieldloop.wire.v1.Event.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Event
                 * @static
                 * @param {fieldloop.wire.v1.Event.$Properties} message Event message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Event.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
                    if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.name);
                    if (message.severity != null && $Object.hasOwnProperty.call(message, "severity") && message.severity !== 0)
                        writer.uint32(/* id 3, wireType 0 =*/24).int32(message.severity);
                    if (message.atNs != null && $Object.hasOwnProperty.call(message, "atNs") && (typeof message.atNs === "object" ? message.atNs.low || message.atNs.high : message.atNs !== 0))
                        writer.uint32(/* id 4, wireType 1 =*/33).fixed64(message.atNs);
                    if (message.synced != null && $Object.hasOwnProperty.call(message, "synced") && message.synced !== false)
                        writer.uint32(/* id 5, wireType 0 =*/40).bool(message.synced);
                    if (message.sessionId != null && $Object.hasOwnProperty.call(message, "sessionId") && message.sessionId.length)
                        writer.uint32(/* id 6, wireType 2 =*/50).bytes(message.sessionId);
                    if (message.clipId != null && $Object.hasOwnProperty.call(message, "clipId"))
                        writer.uint32(/* id 7, wireType 2 =*/58).bytes(message.clipId);
                    if (message.rule != null && $Object.hasOwnProperty.call(message, "rule") && message.rule !== "")
                        writer.uint32(/* id 8, wireType 2 =*/66).string(message.rule);
                    if (message.ruleSet != null && $Object.hasOwnProperty.call(message, "ruleSet"))
                        writer.uint32(/* id 9, wireType 2 =*/74).bytes(message.ruleSet);
                    if (message.margin != null && $Object.hasOwnProperty.call(message, "margin"))
                        writer.uint32(/* id 10, wireType 1 =*/81).double(message.margin);
                    if (message.values != null && message.values.length)
                        for (let i = 0; i < message.values.length; ++i)
                            $root.fieldloop.wire.v1.Value.encode(message.values[i], writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
                    if (message.text != null && $Object.hasOwnProperty.call(message, "text") && message.text !== "")
                        writer.uint32(/* id 12, wireType 2 =*/98).string(message.text);
                    if (message.tags != null && message.tags.length)
                        for (let i = 0; i < message.tags.length; ++i)
                            writer.uint32(/* id 13, wireType 2 =*/106).string(message.tags[i]);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an Event message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Event
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Event & fieldloop.wire.v1.Event.$Shape} Event
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Event.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Event();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.id = value;
                                else
                                    delete message.id;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.name = value;
                                else
                                    delete message.name;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.severity = value;
                                else
                                    delete message.severity;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.atNs = value;
                                else
                                    delete message.atNs;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.bool())
                                    message.synced = value;
                                else
                                    delete message.synced;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.sessionId = value;
                                else
                                    delete message.sessionId;
                                continue;
                            }
                        case 7: {
                                if (wireType !== 2)
                                    break;
                                message.clipId = reader.bytes();
                                message._clipId = "clipId";
                                continue;
                            }
                        case 8: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.rule = value;
                                else
                                    delete message.rule;
                                continue;
                            }
                        case 9: {
                                if (wireType !== 2)
                                    break;
                                message.ruleSet = reader.bytes();
                                message._ruleSet = "ruleSet";
                                continue;
                            }
                        case 10: {
                                if (wireType !== 1)
                                    break;
                                message.margin = reader.double();
                                message._margin = "margin";
                                continue;
                            }
                        case 11: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.values && message.values.length))
                                    message.values = [];
                                message.values.push($root.fieldloop.wire.v1.Value.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        case 12: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.text = value;
                                else
                                    delete message.text;
                                continue;
                            }
                        case 13: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.tags && message.tags.length))
                                    message.tags = [];
                                message.tags.push(reader.stringVerify());
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Event;
            })();

            v1.Marker = (function() {

                /**
                 * Properties of a Marker.
                 * @typedef {Object} fieldloop.wire.v1.Marker.$Properties
                 * @property {Uint8Array|null} [id] Marker id
                 * @property {Uint8Array|null} [sessionId] Marker sessionId
                 * @property {Uint8Array|null} [clipId] Marker clipId
                 * @property {number|Long|null} [startNs] Marker startNs
                 * @property {number|Long|null} [endNs] Marker endNs
                 * @property {boolean|null} [synced] Marker synced
                 * @property {string|null} [name] Marker name
                 * @property {string|null} [source] Marker source
                 * @property {Array.<fieldloop.wire.v1.Value.$Properties>|null} [values] Marker values
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Marker.
                 * @memberof fieldloop.wire.v1
                 * @interface IMarker
                 * @augments fieldloop.wire.v1.Marker.$Properties
                 * @deprecated Use fieldloop.wire.v1.Marker.$Properties instead.
                 */

                /**
                 * Shape of a Marker.
                 * @typedef {{
                 *   id?: Uint8Array|null;
                 *   sessionId?: Uint8Array|null;
                 *   clipId?: Uint8Array|null;
                 *   startNs?: number|Long|null;
                 *   endNs?: number|Long|null;
                 *   synced?: boolean|null;
                 *   name?: string|null;
                 *   source?: string|null;
                 *   values?: Array.<fieldloop.wire.v1.Value.$Shape>|null;
                 *   $unknowns?: Array.<Uint8Array>;
                 * }} fieldloop.wire.v1.Marker.$Shape
                 */

                /**
                 * Constructs a new Marker.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Marker.
                 * @constructor
                 * @param {fieldloop.wire.v1.Marker.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Marker = function (properties) {
                    this.values = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Marker id.
                 * @member {Uint8Array} id
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.id = $util.newBuffer([]);

                /**
                 * Marker sessionId.
                 * @member {Uint8Array} sessionId
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.sessionId = $util.newBuffer([]);

                /**
                 * Marker clipId.
                 * @member {Uint8Array|null|undefined} clipId
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.clipId = null;

                /**
                 * Marker startNs.
                 * @member {number|Long} startNs
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.startNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Marker endNs.
                 * @member {number|Long} endNs
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.endNs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Marker synced.
                 * @member {boolean} synced
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.synced = false;

                /**
                 * Marker name.
                 * @member {string} name
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.name = "";

                /**
                 * Marker source.
                 * @member {string} source
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.source = "";

                /**
                 * Marker values.
                 * @member {Array.<fieldloop.wire.v1.Value.$Properties>} values
                 * @memberof fieldloop.wire.v1.Marker
                 * @instance
                 */
                Marker.prototype.values = $util.emptyArray;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Marker.prototype, "_clipId", {
                    get: $util.oneOfGetter($oneOfFields = ["clipId"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Marker message. Does not implicitly {@link fieldloop.wire.v1.Marker.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Marker
                 * @static
                 * @param {fieldloop.wire.v1.Marker.$Properties} message Marker message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Marker.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
                    if (message.sessionId != null && $Object.hasOwnProperty.call(message, "sessionId") && message.sessionId.length)
                        writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.sessionId);
                    if (message.clipId != null && $Object.hasOwnProperty.call(message, "clipId"))
                        writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.clipId);
                    if (message.startNs != null && $Object.hasOwnProperty.call(message, "startNs") && (typeof message.startNs === "object" ? message.startNs.low || message.startNs.high : message.startNs !== 0))
                        writer.uint32(/* id 4, wireType 1 =*/33).fixed64(message.startNs);
                    if (message.endNs != null && $Object.hasOwnProperty.call(message, "endNs") && (typeof message.endNs === "object" ? message.endNs.low || message.endNs.high : message.endNs !== 0))
                        writer.uint32(/* id 5, wireType 1 =*/41).fixed64(message.endNs);
                    if (message.synced != null && $Object.hasOwnProperty.call(message, "synced") && message.synced !== false)
                        writer.uint32(/* id 6, wireType 0 =*/48).bool(message.synced);
                    if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                        writer.uint32(/* id 7, wireType 2 =*/58).string(message.name);
                    if (message.source != null && $Object.hasOwnProperty.call(message, "source") && message.source !== "")
                        writer.uint32(/* id 8, wireType 2 =*/66).string(message.source);
                    if (message.values != null && message.values.length)
                        for (let i = 0; i < message.values.length; ++i)
                            $root.fieldloop.wire.v1.Value.encode(message.values[i], writer.uint32(/* id 9, wireType 2 =*/74).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Marker message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Marker
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Marker & fieldloop.wire.v1.Marker.$Shape} Marker
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Marker.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Marker();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.id = value;
                                else
                                    delete message.id;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.sessionId = value;
                                else
                                    delete message.sessionId;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                message.clipId = reader.bytes();
                                message._clipId = "clipId";
                                continue;
                            }
                        case 4: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.startNs = value;
                                else
                                    delete message.startNs;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.endNs = value;
                                else
                                    delete message.endNs;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.bool())
                                    message.synced = value;
                                else
                                    delete message.synced;
                                continue;
                            }
                        case 7: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.name = value;
                                else
                                    delete message.name;
                                continue;
                            }
                        case 8: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.source = value;
                                else
                                    delete message.source;
                                continue;
                            }
                        case 9: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.values && message.values.length))
                                    message.values = [];
                                message.values.push($root.fieldloop.wire.v1.Value.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Marker;
            })();

            v1.Gap = (function() {

                /**
                 * Properties of a Gap.
                 * @typedef {Object} fieldloop.wire.v1.Gap.$Properties
                 * @property {number|Long|null} [count] Gap count
                 * @property {fieldloop.wire.v1.Gap.Reason|null} [reason] Gap reason
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Gap.
                 * @memberof fieldloop.wire.v1
                 * @interface IGap
                 * @augments fieldloop.wire.v1.Gap.$Properties
                 * @deprecated Use fieldloop.wire.v1.Gap.$Properties instead.
                 */

                /**
                 * Shape of a Gap.
                 * @typedef {fieldloop.wire.v1.Gap.$Properties} fieldloop.wire.v1.Gap.$Shape
                 */

                /**
                 * Constructs a new Gap.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Gap.
                 * @constructor
                 * @param {fieldloop.wire.v1.Gap.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Gap = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Gap count.
                 * @member {number|Long} count
                 * @memberof fieldloop.wire.v1.Gap
                 * @instance
                 */
                Gap.prototype.count = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Gap reason.
                 * @member {fieldloop.wire.v1.Gap.Reason} reason
                 * @memberof fieldloop.wire.v1.Gap
                 * @instance
                 */
                Gap.prototype.reason = 0;

                /**
                 * Encodes the specified Gap message. Does not implicitly {@link fieldloop.wire.v1.Gap.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Gap
                 * @static
                 * @param {fieldloop.wire.v1.Gap.$Properties} message Gap message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Gap.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.count != null && $Object.hasOwnProperty.call(message, "count") && (typeof message.count === "object" ? message.count.low || message.count.high : message.count !== 0))
                        writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.count);
                    if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== 0)
                        writer.uint32(/* id 2, wireType 0 =*/16).int32(message.reason);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Gap message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Gap
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Gap & fieldloop.wire.v1.Gap.$Shape} Gap
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Gap.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Gap();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.count = value;
                                else
                                    delete message.count;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.reason = value;
                                else
                                    delete message.reason;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                /**
                 * Reason enum.
                 * @name fieldloop.wire.v1.Gap.Reason
                 * @enum {number}
                 * @property {number} REASON_UNSPECIFIED=0 REASON_UNSPECIFIED value
                 * @property {number} REASON_EVICTED=1 REASON_EVICTED value
                 * @property {number} REASON_EXPIRED=2 REASON_EXPIRED value
                 * @property {number} REASON_LOST=3 REASON_LOST value
                 * @property {number} REASON_PRIVACY=4 REASON_PRIVACY value
                 */
                Gap.Reason = (function() {
                    const valuesById = $Object.create(null), values = $Object.create(valuesById);
                    values[valuesById[0] = "REASON_UNSPECIFIED"] = 0;
                    values[valuesById[1] = "REASON_EVICTED"] = 1;
                    values[valuesById[2] = "REASON_EXPIRED"] = 2;
                    values[valuesById[3] = "REASON_LOST"] = 3;
                    values[valuesById[4] = "REASON_PRIVACY"] = 4;
                    return values;
                })();

                return Gap;
            })();

            v1.Value = (function() {

                /**
                 * Properties of a Value.
                 * @typedef {Object} fieldloop.wire.v1.Value.$Properties
                 * @property {string|null} [name] Value name
                 * @property {string|null} [unit] Value unit
                 * @property {number|null} [number] Value number
                 * @property {number|Long|null} [integer] Value integer
                 * @property {boolean|null} [flag] Value flag
                 * @property {string|null} [text] Value text
                 * @property {"number"|"integer"|"flag"|"text"} [value] Value value
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Value.
                 * @memberof fieldloop.wire.v1
                 * @interface IValue
                 * @augments fieldloop.wire.v1.Value.$Properties
                 * @deprecated Use fieldloop.wire.v1.Value.$Properties instead.
                 */

                /**
                 * Narrowed shape of a Value.
                 * @typedef {{
                 *   name?: string|null;
                 *   unit?: string|null;
                 *   number?: number|null;
                 *   integer?: number|Long|null;
                 *   flag?: boolean|null;
                 *   text?: string|null;
                 *   $unknowns?: Array.<Uint8Array>;
                 * } & (
                 *   ({ value?: undefined; number?: null; integer?: null; flag?: null; text?: null }|{ value?: "number"; number: number; integer?: null; flag?: null; text?: null }|{ value?: "integer"; number?: null; integer: number|Long; flag?: null; text?: null }|{ value?: "flag"; number?: null; integer?: null; flag: boolean; text?: null }|{ value?: "text"; number?: null; integer?: null; flag?: null; text: string })
                 * )} fieldloop.wire.v1.Value.$Shape
                 */

                /**
                 * Constructs a new Value.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Value.
                 * @constructor
                 * @param {fieldloop.wire.v1.Value.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Value = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Value name.
                 * @member {string} name
                 * @memberof fieldloop.wire.v1.Value
                 * @instance
                 */
                Value.prototype.name = "";

                /**
                 * Value unit.
                 * @member {string} unit
                 * @memberof fieldloop.wire.v1.Value
                 * @instance
                 */
                Value.prototype.unit = "";

                /**
                 * Value number.
                 * @member {number|null|undefined} number
                 * @memberof fieldloop.wire.v1.Value
                 * @instance
                 */
                Value.prototype.number = null;

                /**
                 * Value integer.
                 * @member {number|Long|null|undefined} integer
                 * @memberof fieldloop.wire.v1.Value
                 * @instance
                 */
                Value.prototype.integer = null;

                /**
                 * Value flag.
                 * @member {boolean|null|undefined} flag
                 * @memberof fieldloop.wire.v1.Value
                 * @instance
                 */
                Value.prototype.flag = null;

                /**
                 * Value text.
                 * @member {string|null|undefined} text
                 * @memberof fieldloop.wire.v1.Value
                 * @instance
                 */
                Value.prototype.text = null;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                /**
                 * Value value.
                 * @member {"number"|"integer"|"flag"|"text"|undefined} value
                 * @memberof fieldloop.wire.v1.Value
                 * @instance
                 */
                $Object.defineProperty(Value.prototype, "value", {
                    get: $util.oneOfGetter($oneOfFields = ["number", "integer", "flag", "text"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Value message. Does not implicitly {@link fieldloop.wire.v1.Value.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Value
                 * @static
                 * @param {fieldloop.wire.v1.Value.$Properties} message Value message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Value.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
                    if (message.unit != null && $Object.hasOwnProperty.call(message, "unit") && message.unit !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.unit);
                    if (message.number != null && $Object.hasOwnProperty.call(message, "number"))
                        writer.uint32(/* id 3, wireType 1 =*/25).double(message.number);
                    if (message.integer != null && $Object.hasOwnProperty.call(message, "integer"))
                        writer.uint32(/* id 4, wireType 0 =*/32).sint64(message.integer);
                    if (message.flag != null && $Object.hasOwnProperty.call(message, "flag"))
                        writer.uint32(/* id 5, wireType 0 =*/40).bool(message.flag);
                    if (message.text != null && $Object.hasOwnProperty.call(message, "text"))
                        writer.uint32(/* id 6, wireType 2 =*/50).string(message.text);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Value message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Value
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Value & fieldloop.wire.v1.Value.$Shape} Value
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Value.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Value();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.name = value;
                                else
                                    delete message.name;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.unit = value;
                                else
                                    delete message.unit;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 1)
                                    break;
                                message.number = reader.double();
                                message.value = "number";
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                message.integer = reader.sint64();
                                message.value = "integer";
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                message.flag = reader.bool();
                                message.value = "flag";
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                message.text = reader.stringVerify();
                                message.value = "text";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Value;
            })();

            v1.Manifest = (function() {

                /**
                 * Properties of a Manifest.
                 * @typedef {Object} fieldloop.wire.v1.Manifest.$Properties
                 * @property {number|Long|null} [origin] Manifest origin
                 * @property {number|Long|null} [seq] Manifest seq
                 * @property {Uint8Array|null} [clipId] Manifest clipId
                 * @property {Uint8Array|null} [hash] Manifest hash
                 * @property {number|Long|null} [size] Manifest size
                 * @property {string|null} [media] Manifest media
                 * @property {fieldloop.wire.v1.ClipClass|null} ["class"] Manifest class
                 * @property {number|null} [priority] Manifest priority
                 * @property {string|null} [document] Manifest document
                 * @property {Array.<fieldloop.wire.v1.Preview.$Properties>|null} [previews] Manifest previews
                 * @property {fieldloop.wire.v1.Manifest.State|null} [state] Manifest state
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Manifest.
                 * @memberof fieldloop.wire.v1
                 * @interface IManifest
                 * @augments fieldloop.wire.v1.Manifest.$Properties
                 * @deprecated Use fieldloop.wire.v1.Manifest.$Properties instead.
                 */

                /**
                 * Shape of a Manifest.
                 * @typedef {fieldloop.wire.v1.Manifest.$Properties} fieldloop.wire.v1.Manifest.$Shape
                 */

                /**
                 * Constructs a new Manifest.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Manifest.
                 * @constructor
                 * @param {fieldloop.wire.v1.Manifest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Manifest = function (properties) {
                    this.previews = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Manifest origin.
                 * @member {number|Long} origin
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.origin = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Manifest seq.
                 * @member {number|Long} seq
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.seq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Manifest clipId.
                 * @member {Uint8Array} clipId
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.clipId = $util.newBuffer([]);

                /**
                 * Manifest hash.
                 * @member {Uint8Array} hash
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.hash = $util.newBuffer([]);

                /**
                 * Manifest size.
                 * @member {number|Long} size
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Manifest media.
                 * @member {string} media
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.media = "";

                /**
                 * Manifest class.
                 * @member {fieldloop.wire.v1.ClipClass} class
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype["class"] = 0;

                /**
                 * Manifest priority.
                 * @member {number} priority
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.priority = 0;

                /**
                 * Manifest document.
                 * @member {string} document
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.document = "";

                /**
                 * Manifest previews.
                 * @member {Array.<fieldloop.wire.v1.Preview.$Properties>} previews
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.previews = $util.emptyArray;

                /**
                 * Manifest state.
                 * @member {fieldloop.wire.v1.Manifest.State} state
                 * @memberof fieldloop.wire.v1.Manifest
                 * @instance
                 */
                Manifest.prototype.state = 0;

                /**
                 * Encodes the specified Manifest message. Does not implicitly {@link fieldloop.wire.v1.Manifest.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Manifest
                 * @static
                 * @param {fieldloop.wire.v1.Manifest.$Properties} message Manifest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Manifest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.origin != null && $Object.hasOwnProperty.call(message, "origin") && (typeof message.origin === "object" ? message.origin.low || message.origin.high : message.origin !== 0))
                        writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.origin);
                    if (message.seq != null && $Object.hasOwnProperty.call(message, "seq") && (typeof message.seq === "object" ? message.seq.low || message.seq.high : message.seq !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.seq);
                    if (message.clipId != null && $Object.hasOwnProperty.call(message, "clipId") && message.clipId.length)
                        writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.clipId);
                    if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                        writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.hash);
                    if (message.size != null && $Object.hasOwnProperty.call(message, "size") && (typeof message.size === "object" ? message.size.low || message.size.high : message.size !== 0))
                        writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.size);
                    if (message.media != null && $Object.hasOwnProperty.call(message, "media") && message.media !== "")
                        writer.uint32(/* id 6, wireType 2 =*/50).string(message.media);
                    if (message["class"] != null && $Object.hasOwnProperty.call(message, "class") && message["class"] !== 0)
                        writer.uint32(/* id 7, wireType 0 =*/56).int32(message["class"]);
                    if (message.priority != null && $Object.hasOwnProperty.call(message, "priority") && !$Object.is(message.priority, 0))
                        writer.uint32(/* id 8, wireType 5 =*/69).float(message.priority);
                    if (message.document != null && $Object.hasOwnProperty.call(message, "document") && message.document !== "")
                        writer.uint32(/* id 9, wireType 2 =*/74).string(message.document);
                    if (message.previews != null && message.previews.length)
                        for (let i = 0; i < message.previews.length; ++i)
                            $root.fieldloop.wire.v1.Preview.encode(message.previews[i], writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                    if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state !== 0)
                        writer.uint32(/* id 11, wireType 0 =*/88).int32(message.state);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Manifest message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Manifest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Manifest & fieldloop.wire.v1.Manifest.$Shape} Manifest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Manifest.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Manifest();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.origin = value;
                                else
                                    delete message.origin;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.seq = value;
                                else
                                    delete message.seq;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.clipId = value;
                                else
                                    delete message.clipId;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.hash = value;
                                else
                                    delete message.hash;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.size = value;
                                else
                                    delete message.size;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.media = value;
                                else
                                    delete message.media;
                                continue;
                            }
                        case 7: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message["class"] = value;
                                else
                                    delete message["class"];
                                continue;
                            }
                        case 8: {
                                if (wireType !== 5)
                                    break;
                                if (!$Object.is(value = reader.float(), 0))
                                    message.priority = value;
                                else
                                    delete message.priority;
                                continue;
                            }
                        case 9: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.document = value;
                                else
                                    delete message.document;
                                continue;
                            }
                        case 10: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.previews && message.previews.length))
                                    message.previews = [];
                                message.previews.push($root.fieldloop.wire.v1.Preview.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        case 11: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.state = value;
                                else
                                    delete message.state;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                /**
                 * State enum.
                 * @name fieldloop.wire.v1.Manifest.State
                 * @enum {number}
                 * @property {number} STATE_UNSPECIFIED=0 STATE_UNSPECIFIED value
                 * @property {number} STATE_HELD=1 STATE_HELD value
                 * @property {number} STATE_OFFERED=2 STATE_OFFERED value
                 * @property {number} STATE_EVICTED=3 STATE_EVICTED value
                 */
                Manifest.State = (function() {
                    const valuesById = $Object.create(null), values = $Object.create(valuesById);
                    values[valuesById[0] = "STATE_UNSPECIFIED"] = 0;
                    values[valuesById[1] = "STATE_HELD"] = 1;
                    values[valuesById[2] = "STATE_OFFERED"] = 2;
                    values[valuesById[3] = "STATE_EVICTED"] = 3;
                    return values;
                })();

                return Manifest;
            })();

            v1.Preview = (function() {

                /**
                 * Properties of a Preview.
                 * @typedef {Object} fieldloop.wire.v1.Preview.$Properties
                 * @property {string|null} [kind] Preview kind
                 * @property {Uint8Array|null} [hash] Preview hash
                 * @property {number|Long|null} [size] Preview size
                 * @property {Uint8Array|null} [inline] Preview inline
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Preview.
                 * @memberof fieldloop.wire.v1
                 * @interface IPreview
                 * @augments fieldloop.wire.v1.Preview.$Properties
                 * @deprecated Use fieldloop.wire.v1.Preview.$Properties instead.
                 */

                /**
                 * Shape of a Preview.
                 * @typedef {fieldloop.wire.v1.Preview.$Properties} fieldloop.wire.v1.Preview.$Shape
                 */

                /**
                 * Constructs a new Preview.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Preview.
                 * @constructor
                 * @param {fieldloop.wire.v1.Preview.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Preview = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Preview kind.
                 * @member {string} kind
                 * @memberof fieldloop.wire.v1.Preview
                 * @instance
                 */
                Preview.prototype.kind = "";

                /**
                 * Preview hash.
                 * @member {Uint8Array} hash
                 * @memberof fieldloop.wire.v1.Preview
                 * @instance
                 */
                Preview.prototype.hash = $util.newBuffer([]);

                /**
                 * Preview size.
                 * @member {number|Long} size
                 * @memberof fieldloop.wire.v1.Preview
                 * @instance
                 */
                Preview.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Preview inline.
                 * @member {Uint8Array|null|undefined} inline
                 * @memberof fieldloop.wire.v1.Preview
                 * @instance
                 */
                Preview.prototype.inline = null;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Preview.prototype, "_inline", {
                    get: $util.oneOfGetter($oneOfFields = ["inline"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Preview message. Does not implicitly {@link fieldloop.wire.v1.Preview.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Preview
                 * @static
                 * @param {fieldloop.wire.v1.Preview.$Properties} message Preview message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Preview.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.kind);
                    if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                        writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.hash);
                    if (message.size != null && $Object.hasOwnProperty.call(message, "size") && (typeof message.size === "object" ? message.size.low || message.size.high : message.size !== 0))
                        writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.size);
                    if (message.inline != null && $Object.hasOwnProperty.call(message, "inline"))
                        writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.inline);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Preview message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Preview
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Preview & fieldloop.wire.v1.Preview.$Shape} Preview
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Preview.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Preview();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.kind = value;
                                else
                                    delete message.kind;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.hash = value;
                                else
                                    delete message.hash;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.size = value;
                                else
                                    delete message.size;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                message.inline = reader.bytes();
                                message._inline = "inline";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Preview;
            })();

            v1.Reported = (function() {

                /**
                 * Properties of a Reported.
                 * @typedef {Object} fieldloop.wire.v1.Reported.$Properties
                 * @property {number|Long|null} [origin] Reported origin
                 * @property {number|Long|null} [seq] Reported seq
                 * @property {string|null} [section] Reported section
                 * @property {number|Long|null} [generation] Reported generation
                 * @property {Uint8Array|null} [hash] Reported hash
                 * @property {string|null} [document] Reported document
                 * @property {string|null} [jws] Reported jws
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Reported.
                 * @memberof fieldloop.wire.v1
                 * @interface IReported
                 * @augments fieldloop.wire.v1.Reported.$Properties
                 * @deprecated Use fieldloop.wire.v1.Reported.$Properties instead.
                 */

                /**
                 * Shape of a Reported.
                 * @typedef {fieldloop.wire.v1.Reported.$Properties} fieldloop.wire.v1.Reported.$Shape
                 */

                /**
                 * Constructs a new Reported.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Reported.
                 * @constructor
                 * @param {fieldloop.wire.v1.Reported.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Reported = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Reported origin.
                 * @member {number|Long} origin
                 * @memberof fieldloop.wire.v1.Reported
                 * @instance
                 */
                Reported.prototype.origin = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Reported seq.
                 * @member {number|Long} seq
                 * @memberof fieldloop.wire.v1.Reported
                 * @instance
                 */
                Reported.prototype.seq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Reported section.
                 * @member {string} section
                 * @memberof fieldloop.wire.v1.Reported
                 * @instance
                 */
                Reported.prototype.section = "";

                /**
                 * Reported generation.
                 * @member {number|Long} generation
                 * @memberof fieldloop.wire.v1.Reported
                 * @instance
                 */
                Reported.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Reported hash.
                 * @member {Uint8Array} hash
                 * @memberof fieldloop.wire.v1.Reported
                 * @instance
                 */
                Reported.prototype.hash = $util.newBuffer([]);

                /**
                 * Reported document.
                 * @member {string} document
                 * @memberof fieldloop.wire.v1.Reported
                 * @instance
                 */
                Reported.prototype.document = "";

                /**
                 * Reported jws.
                 * @member {string|null|undefined} jws
                 * @memberof fieldloop.wire.v1.Reported
                 * @instance
                 */
                Reported.prototype.jws = null;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Reported.prototype, "_jws", {
                    get: $util.oneOfGetter($oneOfFields = ["jws"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Reported message. Does not implicitly {@link fieldloop.wire.v1.Reported.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Reported
                 * @static
                 * @param {fieldloop.wire.v1.Reported.$Properties} message Reported message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Reported.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.origin != null && $Object.hasOwnProperty.call(message, "origin") && (typeof message.origin === "object" ? message.origin.low || message.origin.high : message.origin !== 0))
                        writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.origin);
                    if (message.seq != null && $Object.hasOwnProperty.call(message, "seq") && (typeof message.seq === "object" ? message.seq.low || message.seq.high : message.seq !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.seq);
                    if (message.section != null && $Object.hasOwnProperty.call(message, "section") && message.section !== "")
                        writer.uint32(/* id 3, wireType 2 =*/26).string(message.section);
                    if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
                        writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.generation);
                    if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                        writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.hash);
                    if (message.document != null && $Object.hasOwnProperty.call(message, "document") && message.document !== "")
                        writer.uint32(/* id 6, wireType 2 =*/50).string(message.document);
                    if (message.jws != null && $Object.hasOwnProperty.call(message, "jws"))
                        writer.uint32(/* id 7, wireType 2 =*/58).string(message.jws);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Reported message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Reported
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Reported & fieldloop.wire.v1.Reported.$Shape} Reported
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Reported.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Reported();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.origin = value;
                                else
                                    delete message.origin;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.seq = value;
                                else
                                    delete message.seq;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.section = value;
                                else
                                    delete message.section;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.generation = value;
                                else
                                    delete message.generation;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.hash = value;
                                else
                                    delete message.hash;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.document = value;
                                else
                                    delete message.document;
                                continue;
                            }
                        case 7: {
                                if (wireType !== 2)
                                    break;
                                message.jws = reader.stringVerify();
                                message._jws = "jws";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Reported;
            })();

            v1.RowHead = (function() {

                /**
                 * Properties of a RowHead.
                 * @typedef {Object} fieldloop.wire.v1.RowHead.$Properties
                 * @property {number|Long|null} [origin] RowHead origin
                 * @property {number|Long|null} [seq] RowHead seq
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a RowHead.
                 * @memberof fieldloop.wire.v1
                 * @interface IRowHead
                 * @augments fieldloop.wire.v1.RowHead.$Properties
                 * @deprecated Use fieldloop.wire.v1.RowHead.$Properties instead.
                 */

                /**
                 * Shape of a RowHead.
                 * @typedef {fieldloop.wire.v1.RowHead.$Properties} fieldloop.wire.v1.RowHead.$Shape
                 */

                /**
                 * Constructs a new RowHead.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a RowHead.
                 * @constructor
                 * @param {fieldloop.wire.v1.RowHead.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const RowHead = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * RowHead origin.
                 * @member {number|Long} origin
                 * @memberof fieldloop.wire.v1.RowHead
                 * @instance
                 */
                RowHead.prototype.origin = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * RowHead seq.
                 * @member {number|Long} seq
                 * @memberof fieldloop.wire.v1.RowHead
                 * @instance
                 */
                RowHead.prototype.seq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Encodes the specified RowHead message. Does not implicitly {@link fieldloop.wire.v1.RowHead.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.RowHead
                 * @static
                 * @param {fieldloop.wire.v1.RowHead.$Properties} message RowHead message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                RowHead.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.origin != null && $Object.hasOwnProperty.call(message, "origin") && (typeof message.origin === "object" ? message.origin.low || message.origin.high : message.origin !== 0))
                        writer.uint32(/* id 1, wireType 1 =*/9).fixed64(message.origin);
                    if (message.seq != null && $Object.hasOwnProperty.call(message, "seq") && (typeof message.seq === "object" ? message.seq.low || message.seq.high : message.seq !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.seq);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a RowHead message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.RowHead
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.RowHead & fieldloop.wire.v1.RowHead.$Shape} RowHead
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                RowHead.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.RowHead();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.origin = value;
                                else
                                    delete message.origin;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.seq = value;
                                else
                                    delete message.seq;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return RowHead;
            })();

            v1.Stored = (function() {

                /**
                 * Properties of a Stored.
                 * @typedef {Object} fieldloop.wire.v1.Stored.$Properties
                 * @property {fieldloop.wire.v1.Lane|null} [lane] Stored lane
                 * @property {number|Long|null} [origin] Stored origin
                 * @property {number|Long|null} [through] Stored through
                 * @property {Array.<fieldloop.wire.v1.RefusedRow.$Properties>|null} [refused] Stored refused
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Stored.
                 * @memberof fieldloop.wire.v1
                 * @interface IStored
                 * @augments fieldloop.wire.v1.Stored.$Properties
                 * @deprecated Use fieldloop.wire.v1.Stored.$Properties instead.
                 */

                /**
                 * Shape of a Stored.
                 * @typedef {fieldloop.wire.v1.Stored.$Properties} fieldloop.wire.v1.Stored.$Shape
                 */

                /**
                 * Constructs a new Stored.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Stored.
                 * @constructor
                 * @param {fieldloop.wire.v1.Stored.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Stored = function (properties) {
                    this.refused = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Stored lane.
                 * @member {fieldloop.wire.v1.Lane} lane
                 * @memberof fieldloop.wire.v1.Stored
                 * @instance
                 */
                Stored.prototype.lane = 0;

                /**
                 * Stored origin.
                 * @member {number|Long} origin
                 * @memberof fieldloop.wire.v1.Stored
                 * @instance
                 */
                Stored.prototype.origin = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Stored through.
                 * @member {number|Long} through
                 * @memberof fieldloop.wire.v1.Stored
                 * @instance
                 */
                Stored.prototype.through = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Stored refused.
                 * @member {Array.<fieldloop.wire.v1.RefusedRow.$Properties>} refused
                 * @memberof fieldloop.wire.v1.Stored
                 * @instance
                 */
                Stored.prototype.refused = $util.emptyArray;

                /**
                 * Encodes the specified Stored message. Does not implicitly {@link fieldloop.wire.v1.Stored.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Stored
                 * @static
                 * @param {fieldloop.wire.v1.Stored.$Properties} message Stored message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Stored.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.lane != null && $Object.hasOwnProperty.call(message, "lane") && message.lane !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).int32(message.lane);
                    if (message.origin != null && $Object.hasOwnProperty.call(message, "origin") && (typeof message.origin === "object" ? message.origin.low || message.origin.high : message.origin !== 0))
                        writer.uint32(/* id 2, wireType 1 =*/17).fixed64(message.origin);
                    if (message.through != null && $Object.hasOwnProperty.call(message, "through") && (typeof message.through === "object" ? message.through.low || message.through.high : message.through !== 0))
                        writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.through);
                    if (message.refused != null && message.refused.length)
                        for (let i = 0; i < message.refused.length; ++i)
                            $root.fieldloop.wire.v1.RefusedRow.encode(message.refused[i], writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Stored message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Stored
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Stored & fieldloop.wire.v1.Stored.$Shape} Stored
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Stored.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Stored();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.lane = value;
                                else
                                    delete message.lane;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 1)
                                    break;
                                if (typeof (value = reader.fixed64()) === "object" ? value.low || value.high : value !== 0)
                                    message.origin = value;
                                else
                                    delete message.origin;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.through = value;
                                else
                                    delete message.through;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.refused && message.refused.length))
                                    message.refused = [];
                                message.refused.push($root.fieldloop.wire.v1.RefusedRow.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Stored;
            })();

            v1.RefusedRow = (function() {

                /**
                 * Properties of a RefusedRow.
                 * @typedef {Object} fieldloop.wire.v1.RefusedRow.$Properties
                 * @property {number|Long|null} [seq] RefusedRow seq
                 * @property {fieldloop.wire.v1.Code|null} [code] RefusedRow code
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a RefusedRow.
                 * @memberof fieldloop.wire.v1
                 * @interface IRefusedRow
                 * @augments fieldloop.wire.v1.RefusedRow.$Properties
                 * @deprecated Use fieldloop.wire.v1.RefusedRow.$Properties instead.
                 */

                /**
                 * Shape of a RefusedRow.
                 * @typedef {fieldloop.wire.v1.RefusedRow.$Properties} fieldloop.wire.v1.RefusedRow.$Shape
                 */

                /**
                 * Constructs a new RefusedRow.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a RefusedRow.
                 * @constructor
                 * @param {fieldloop.wire.v1.RefusedRow.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const RefusedRow = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * RefusedRow seq.
                 * @member {number|Long} seq
                 * @memberof fieldloop.wire.v1.RefusedRow
                 * @instance
                 */
                RefusedRow.prototype.seq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * RefusedRow code.
                 * @member {fieldloop.wire.v1.Code} code
                 * @memberof fieldloop.wire.v1.RefusedRow
                 * @instance
                 */
                RefusedRow.prototype.code = 0;

                /**
                 * Encodes the specified RefusedRow message. Does not implicitly {@link fieldloop.wire.v1.RefusedRow.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.RefusedRow
                 * @static
                 * @param {fieldloop.wire.v1.RefusedRow.$Properties} message RefusedRow message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                RefusedRow.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.seq != null && $Object.hasOwnProperty.call(message, "seq") && (typeof message.seq === "object" ? message.seq.low || message.seq.high : message.seq !== 0))
                        writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.seq);
                    if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== 0)
                        writer.uint32(/* id 2, wireType 0 =*/16).int32(message.code);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a RefusedRow message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.RefusedRow
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.RefusedRow & fieldloop.wire.v1.RefusedRow.$Shape} RefusedRow
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                RefusedRow.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.RefusedRow();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.seq = value;
                                else
                                    delete message.seq;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.code = value;
                                else
                                    delete message.code;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return RefusedRow;
            })();

            v1.Transfer = (function() {

                /**
                 * Properties of a Transfer.
                 * @typedef {Object} fieldloop.wire.v1.Transfer.$Properties
                 * @property {fieldloop.wire.v1.Fetch.$Properties|null} [fetch] Transfer fetch
                 * @property {fieldloop.wire.v1.Open.$Properties|null} [open] Transfer open
                 * @property {fieldloop.wire.v1.OpenAck.$Properties|null} [openAck] Transfer openAck
                 * @property {fieldloop.wire.v1.Ack.$Properties|null} [ack] Transfer ack
                 * @property {fieldloop.wire.v1.Done.$Properties|null} [done] Transfer done
                 * @property {fieldloop.wire.v1.Nack.$Properties|null} [nack] Transfer nack
                 * @property {fieldloop.wire.v1.Cancel.$Properties|null} [cancel] Transfer cancel
                 * @property {"fetch"|"open"|"openAck"|"ack"|"done"|"nack"|"cancel"} [step] Transfer step
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Transfer.
                 * @memberof fieldloop.wire.v1
                 * @interface ITransfer
                 * @augments fieldloop.wire.v1.Transfer.$Properties
                 * @deprecated Use fieldloop.wire.v1.Transfer.$Properties instead.
                 */

                /**
                 * Narrowed shape of a Transfer.
                 * @typedef {{
                 *   fetch?: fieldloop.wire.v1.Fetch.$Shape|null;
                 *   open?: fieldloop.wire.v1.Open.$Shape|null;
                 *   openAck?: fieldloop.wire.v1.OpenAck.$Shape|null;
                 *   ack?: fieldloop.wire.v1.Ack.$Shape|null;
                 *   done?: fieldloop.wire.v1.Done.$Shape|null;
                 *   nack?: fieldloop.wire.v1.Nack.$Shape|null;
                 *   cancel?: fieldloop.wire.v1.Cancel.$Shape|null;
                 *   $unknowns?: Array.<Uint8Array>;
                 * } & (
                 *   ({ step?: undefined; fetch?: null; open?: null; openAck?: null; ack?: null; done?: null; nack?: null; cancel?: null }|{ step?: "fetch"; fetch: fieldloop.wire.v1.Fetch.$Shape; open?: null; openAck?: null; ack?: null; done?: null; nack?: null; cancel?: null }|{ step?: "open"; fetch?: null; open: fieldloop.wire.v1.Open.$Shape; openAck?: null; ack?: null; done?: null; nack?: null; cancel?: null }|{ step?: "openAck"; fetch?: null; open?: null; openAck: fieldloop.wire.v1.OpenAck.$Shape; ack?: null; done?: null; nack?: null; cancel?: null }|{ step?: "ack"; fetch?: null; open?: null; openAck?: null; ack: fieldloop.wire.v1.Ack.$Shape; done?: null; nack?: null; cancel?: null }|{ step?: "done"; fetch?: null; open?: null; openAck?: null; ack?: null; done: fieldloop.wire.v1.Done.$Shape; nack?: null; cancel?: null }|{ step?: "nack"; fetch?: null; open?: null; openAck?: null; ack?: null; done?: null; nack: fieldloop.wire.v1.Nack.$Shape; cancel?: null }|{ step?: "cancel"; fetch?: null; open?: null; openAck?: null; ack?: null; done?: null; nack?: null; cancel: fieldloop.wire.v1.Cancel.$Shape })
                 * )} fieldloop.wire.v1.Transfer.$Shape
                 */

                /**
                 * Constructs a new Transfer.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Transfer.
                 * @constructor
                 * @param {fieldloop.wire.v1.Transfer.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Transfer = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Transfer fetch.
                 * @member {fieldloop.wire.v1.Fetch.$Properties|null|undefined} fetch
                 * @memberof fieldloop.wire.v1.Transfer
                 * @instance
                 */
                Transfer.prototype.fetch = null;

                /**
                 * Transfer open.
                 * @member {fieldloop.wire.v1.Open.$Properties|null|undefined} open
                 * @memberof fieldloop.wire.v1.Transfer
                 * @instance
                 */
                Transfer.prototype.open = null;

                /**
                 * Transfer openAck.
                 * @member {fieldloop.wire.v1.OpenAck.$Properties|null|undefined} openAck
                 * @memberof fieldloop.wire.v1.Transfer
                 * @instance
                 */
                Transfer.prototype.openAck = null;

                /**
                 * Transfer ack.
                 * @member {fieldloop.wire.v1.Ack.$Properties|null|undefined} ack
                 * @memberof fieldloop.wire.v1.Transfer
                 * @instance
                 */
                Transfer.prototype.ack = null;

                /**
                 * Transfer done.
                 * @member {fieldloop.wire.v1.Done.$Properties|null|undefined} done
                 * @memberof fieldloop.wire.v1.Transfer
                 * @instance
                 */
                Transfer.prototype.done = null;

                /**
                 * Transfer nack.
                 * @member {fieldloop.wire.v1.Nack.$Properties|null|undefined} nack
                 * @memberof fieldloop.wire.v1.Transfer
                 * @instance
                 */
                Transfer.prototype.nack = null;

                /**
                 * Transfer cancel.
                 * @member {fieldloop.wire.v1.Cancel.$Properties|null|undefined} cancel
                 * @memberof fieldloop.wire.v1.Transfer
                 * @instance
                 */
                Transfer.prototype.cancel = null;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                /**
                 * Transfer step.
                 * @member {"fetch"|"open"|"openAck"|"ack"|"done"|"nack"|"cancel"|undefined} step
                 * @memberof fieldloop.wire.v1.Transfer
                 * @instance
                 */
                $Object.defineProperty(Transfer.prototype, "step", {
                    get: $util.oneOfGetter($oneOfFields = ["fetch", "open", "openAck", "ack", "done", "nack", "cancel"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Transfer message. Does not implicitly {@link fieldloop.wire.v1.Transfer.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Transfer
                 * @static
                 * @param {fieldloop.wire.v1.Transfer.$Properties} message Transfer message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Transfer.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.fetch != null && $Object.hasOwnProperty.call(message, "fetch"))
                        $root.fieldloop.wire.v1.Fetch.encode(message.fetch, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                    if (message.open != null && $Object.hasOwnProperty.call(message, "open"))
                        $root.fieldloop.wire.v1.Open.encode(message.open, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                    if (message.openAck != null && $Object.hasOwnProperty.call(message, "openAck"))
                        $root.fieldloop.wire.v1.OpenAck.encode(message.openAck, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                    if (message.ack != null && $Object.hasOwnProperty.call(message, "ack"))
                        $root.fieldloop.wire.v1.Ack.encode(message.ack, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                    if (message.done != null && $Object.hasOwnProperty.call(message, "done"))
                        $root.fieldloop.wire.v1.Done.encode(message.done, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                    if (message.nack != null && $Object.hasOwnProperty.call(message, "nack"))
                        $root.fieldloop.wire.v1.Nack.encode(message.nack, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                    if (message.cancel != null && $Object.hasOwnProperty.call(message, "cancel"))
                        $root.fieldloop.wire.v1.Cancel.encode(message.cancel, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Transfer message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Transfer
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Transfer & fieldloop.wire.v1.Transfer.$Shape} Transfer
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Transfer.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Transfer();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                message.fetch = $root.fieldloop.wire.v1.Fetch.decode(reader, reader.size(), $undefined, _depth + 1, message.fetch);
                                message.step = "fetch";
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                message.open = $root.fieldloop.wire.v1.Open.decode(reader, reader.size(), $undefined, _depth + 1, message.open);
                                message.step = "open";
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                message.openAck = $root.fieldloop.wire.v1.OpenAck.decode(reader, reader.size(), $undefined, _depth + 1, message.openAck);
                                message.step = "openAck";
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                message.ack = $root.fieldloop.wire.v1.Ack.decode(reader, reader.size(), $undefined, _depth + 1, message.ack);
                                message.step = "ack";
                                continue;
                            }
                        case 5: {
                                if (wireType !== 2)
                                    break;
                                message.done = $root.fieldloop.wire.v1.Done.decode(reader, reader.size(), $undefined, _depth + 1, message.done);
                                message.step = "done";
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                message.nack = $root.fieldloop.wire.v1.Nack.decode(reader, reader.size(), $undefined, _depth + 1, message.nack);
                                message.step = "nack";
                                continue;
                            }
                        case 7: {
                                if (wireType !== 2)
                                    break;
                                message.cancel = $root.fieldloop.wire.v1.Cancel.decode(reader, reader.size(), $undefined, _depth + 1, message.cancel);
                                message.step = "cancel";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Transfer;
            })();

            /**
             * ContentKind enum.
             * @name fieldloop.wire.v1.ContentKind
             * @enum {number}
             * @property {number} CONTENT_KIND_UNSPECIFIED=0 CONTENT_KIND_UNSPECIFIED value
             * @property {number} CONTENT_KIND_CLIP=1 CONTENT_KIND_CLIP value
             * @property {number} CONTENT_KIND_PREVIEW=2 CONTENT_KIND_PREVIEW value
             * @property {number} CONTENT_KIND_DIAGNOSTICS=3 CONTENT_KIND_DIAGNOSTICS value
             * @property {number} CONTENT_KIND_ARTIFACT=4 CONTENT_KIND_ARTIFACT value
             */
            v1.ContentKind = (function() {
                const valuesById = $Object.create(null), values = $Object.create(valuesById);
                values[valuesById[0] = "CONTENT_KIND_UNSPECIFIED"] = 0;
                values[valuesById[1] = "CONTENT_KIND_CLIP"] = 1;
                values[valuesById[2] = "CONTENT_KIND_PREVIEW"] = 2;
                values[valuesById[3] = "CONTENT_KIND_DIAGNOSTICS"] = 3;
                values[valuesById[4] = "CONTENT_KIND_ARTIFACT"] = 4;
                return values;
            })();

            v1.Fetch = (function() {

                /**
                 * Properties of a Fetch.
                 * @typedef {Object} fieldloop.wire.v1.Fetch.$Properties
                 * @property {Uint8Array|null} [hash] Fetch hash
                 * @property {fieldloop.wire.v1.ContentKind|null} [kind] Fetch kind
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Fetch.
                 * @memberof fieldloop.wire.v1
                 * @interface IFetch
                 * @augments fieldloop.wire.v1.Fetch.$Properties
                 * @deprecated Use fieldloop.wire.v1.Fetch.$Properties instead.
                 */

                /**
                 * Shape of a Fetch.
                 * @typedef {fieldloop.wire.v1.Fetch.$Properties} fieldloop.wire.v1.Fetch.$Shape
                 */

                /**
                 * Constructs a new Fetch.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Fetch.
                 * @constructor
                 * @param {fieldloop.wire.v1.Fetch.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Fetch = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Fetch hash.
                 * @member {Uint8Array} hash
                 * @memberof fieldloop.wire.v1.Fetch
                 * @instance
                 */
                Fetch.prototype.hash = $util.newBuffer([]);

                /**
                 * Fetch kind.
                 * @member {fieldloop.wire.v1.ContentKind} kind
                 * @memberof fieldloop.wire.v1.Fetch
                 * @instance
                 */
                Fetch.prototype.kind = 0;

                /**
                 * Encodes the specified Fetch message. Does not implicitly {@link fieldloop.wire.v1.Fetch.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Fetch
                 * @static
                 * @param {fieldloop.wire.v1.Fetch.$Properties} message Fetch message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Fetch.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.hash);
                    if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== 0)
                        writer.uint32(/* id 2, wireType 0 =*/16).int32(message.kind);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Fetch message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Fetch
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Fetch & fieldloop.wire.v1.Fetch.$Shape} Fetch
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Fetch.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Fetch();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.hash = value;
                                else
                                    delete message.hash;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.kind = value;
                                else
                                    delete message.kind;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Fetch;
            })();

            v1.Open = (function() {

                /**
                 * Properties of an Open.
                 * @typedef {Object} fieldloop.wire.v1.Open.$Properties
                 * @property {number|null} [tid] Open tid
                 * @property {Uint8Array|null} [hash] Open hash
                 * @property {number|Long|null} [size] Open size
                 * @property {fieldloop.wire.v1.ContentKind|null} [kind] Open kind
                 * @property {Uint8Array|null} [clipId] Open clipId
                 * @property {number|null} [chunkMax] Open chunkMax
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an Open.
                 * @memberof fieldloop.wire.v1
                 * @interface IOpen
                 * @augments fieldloop.wire.v1.Open.$Properties
                 * @deprecated Use fieldloop.wire.v1.Open.$Properties instead.
                 */

                /**
                 * Shape of an Open.
                 * @typedef {fieldloop.wire.v1.Open.$Properties} fieldloop.wire.v1.Open.$Shape
                 */

                /**
                 * Constructs a new Open.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents an Open.
                 * @constructor
                 * @param {fieldloop.wire.v1.Open.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Open = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Open tid.
                 * @member {number} tid
                 * @memberof fieldloop.wire.v1.Open
                 * @instance
                 */
                Open.prototype.tid = 0;

                /**
                 * Open hash.
                 * @member {Uint8Array} hash
                 * @memberof fieldloop.wire.v1.Open
                 * @instance
                 */
                Open.prototype.hash = $util.newBuffer([]);

                /**
                 * Open size.
                 * @member {number|Long} size
                 * @memberof fieldloop.wire.v1.Open
                 * @instance
                 */
                Open.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Open kind.
                 * @member {fieldloop.wire.v1.ContentKind} kind
                 * @memberof fieldloop.wire.v1.Open
                 * @instance
                 */
                Open.prototype.kind = 0;

                /**
                 * Open clipId.
                 * @member {Uint8Array|null|undefined} clipId
                 * @memberof fieldloop.wire.v1.Open
                 * @instance
                 */
                Open.prototype.clipId = null;

                /**
                 * Open chunkMax.
                 * @member {number} chunkMax
                 * @memberof fieldloop.wire.v1.Open
                 * @instance
                 */
                Open.prototype.chunkMax = 0;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Open.prototype, "_clipId", {
                    get: $util.oneOfGetter($oneOfFields = ["clipId"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Open message. Does not implicitly {@link fieldloop.wire.v1.Open.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Open
                 * @static
                 * @param {fieldloop.wire.v1.Open.$Properties} message Open message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Open.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.tid != null && $Object.hasOwnProperty.call(message, "tid") && message.tid !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.tid);
                    if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                        writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.hash);
                    if (message.size != null && $Object.hasOwnProperty.call(message, "size") && (typeof message.size === "object" ? message.size.low || message.size.high : message.size !== 0))
                        writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.size);
                    if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== 0)
                        writer.uint32(/* id 4, wireType 0 =*/32).int32(message.kind);
                    if (message.clipId != null && $Object.hasOwnProperty.call(message, "clipId"))
                        writer.uint32(/* id 5, wireType 2 =*/42).bytes(message.clipId);
                    if (message.chunkMax != null && $Object.hasOwnProperty.call(message, "chunkMax") && message.chunkMax !== 0)
                        writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.chunkMax);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an Open message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Open
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Open & fieldloop.wire.v1.Open.$Shape} Open
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Open.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Open();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.tid = value;
                                else
                                    delete message.tid;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.hash = value;
                                else
                                    delete message.hash;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.size = value;
                                else
                                    delete message.size;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.kind = value;
                                else
                                    delete message.kind;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 2)
                                    break;
                                message.clipId = reader.bytes();
                                message._clipId = "clipId";
                                continue;
                            }
                        case 6: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.chunkMax = value;
                                else
                                    delete message.chunkMax;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Open;
            })();

            v1.OpenAck = (function() {

                /**
                 * Properties of an OpenAck.
                 * @typedef {Object} fieldloop.wire.v1.OpenAck.$Properties
                 * @property {number|null} [tid] OpenAck tid
                 * @property {Uint8Array|null} [hash] OpenAck hash
                 * @property {number|null} [epoch] OpenAck epoch
                 * @property {fieldloop.wire.v1.OpenAck.State|null} [state] OpenAck state
                 * @property {number|Long|null} [durable] OpenAck durable
                 * @property {number|null} [credit] OpenAck credit
                 * @property {number|null} [chunkMax] OpenAck chunkMax
                 * @property {string|null} [slot] OpenAck slot
                 * @property {number|null} [retryAfterMs] OpenAck retryAfterMs
                 * @property {fieldloop.wire.v1.Code|null} [code] OpenAck code
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an OpenAck.
                 * @memberof fieldloop.wire.v1
                 * @interface IOpenAck
                 * @augments fieldloop.wire.v1.OpenAck.$Properties
                 * @deprecated Use fieldloop.wire.v1.OpenAck.$Properties instead.
                 */

                /**
                 * Shape of an OpenAck.
                 * @typedef {fieldloop.wire.v1.OpenAck.$Properties} fieldloop.wire.v1.OpenAck.$Shape
                 */

                /**
                 * Constructs a new OpenAck.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents an OpenAck.
                 * @constructor
                 * @param {fieldloop.wire.v1.OpenAck.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const OpenAck = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * OpenAck tid.
                 * @member {number} tid
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.tid = 0;

                /**
                 * OpenAck hash.
                 * @member {Uint8Array} hash
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.hash = $util.newBuffer([]);

                /**
                 * OpenAck epoch.
                 * @member {number} epoch
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.epoch = 0;

                /**
                 * OpenAck state.
                 * @member {fieldloop.wire.v1.OpenAck.State} state
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.state = 0;

                /**
                 * OpenAck durable.
                 * @member {number|Long} durable
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.durable = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * OpenAck credit.
                 * @member {number} credit
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.credit = 0;

                /**
                 * OpenAck chunkMax.
                 * @member {number} chunkMax
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.chunkMax = 0;

                /**
                 * OpenAck slot.
                 * @member {string} slot
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.slot = "";

                /**
                 * OpenAck retryAfterMs.
                 * @member {number} retryAfterMs
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.retryAfterMs = 0;

                /**
                 * OpenAck code.
                 * @member {fieldloop.wire.v1.Code} code
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @instance
                 */
                OpenAck.prototype.code = 0;

                /**
                 * Encodes the specified OpenAck message. Does not implicitly {@link fieldloop.wire.v1.OpenAck.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @static
                 * @param {fieldloop.wire.v1.OpenAck.$Properties} message OpenAck message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                OpenAck.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.tid != null && $Object.hasOwnProperty.call(message, "tid") && message.tid !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.tid);
                    if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                        writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.hash);
                    if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && message.epoch !== 0)
                        writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.epoch);
                    if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state !== 0)
                        writer.uint32(/* id 4, wireType 0 =*/32).int32(message.state);
                    if (message.durable != null && $Object.hasOwnProperty.call(message, "durable") && (typeof message.durable === "object" ? message.durable.low || message.durable.high : message.durable !== 0))
                        writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.durable);
                    if (message.credit != null && $Object.hasOwnProperty.call(message, "credit") && message.credit !== 0)
                        writer.uint32(/* id 6, wireType 0 =*/48).uint32(message.credit);
                    if (message.chunkMax != null && $Object.hasOwnProperty.call(message, "chunkMax") && message.chunkMax !== 0)
                        writer.uint32(/* id 7, wireType 0 =*/56).uint32(message.chunkMax);
                    if (message.slot != null && $Object.hasOwnProperty.call(message, "slot") && message.slot !== "")
                        writer.uint32(/* id 8, wireType 2 =*/66).string(message.slot);
                    if (message.retryAfterMs != null && $Object.hasOwnProperty.call(message, "retryAfterMs") && message.retryAfterMs !== 0)
                        writer.uint32(/* id 9, wireType 0 =*/72).uint32(message.retryAfterMs);
                    if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== 0)
                        writer.uint32(/* id 10, wireType 0 =*/80).int32(message.code);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an OpenAck message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.OpenAck
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.OpenAck & fieldloop.wire.v1.OpenAck.$Shape} OpenAck
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                OpenAck.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.OpenAck();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.tid = value;
                                else
                                    delete message.tid;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.hash = value;
                                else
                                    delete message.hash;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.epoch = value;
                                else
                                    delete message.epoch;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.state = value;
                                else
                                    delete message.state;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.durable = value;
                                else
                                    delete message.durable;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.credit = value;
                                else
                                    delete message.credit;
                                continue;
                            }
                        case 7: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.chunkMax = value;
                                else
                                    delete message.chunkMax;
                                continue;
                            }
                        case 8: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.slot = value;
                                else
                                    delete message.slot;
                                continue;
                            }
                        case 9: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.retryAfterMs = value;
                                else
                                    delete message.retryAfterMs;
                                continue;
                            }
                        case 10: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.code = value;
                                else
                                    delete message.code;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                /**
                 * State enum.
                 * @name fieldloop.wire.v1.OpenAck.State
                 * @enum {number}
                 * @property {number} STATE_UNSPECIFIED=0 STATE_UNSPECIFIED value
                 * @property {number} STATE_NEW=1 STATE_NEW value
                 * @property {number} STATE_PARTIAL=2 STATE_PARTIAL value
                 * @property {number} STATE_DONE=3 STATE_DONE value
                 * @property {number} STATE_LATER=4 STATE_LATER value
                 * @property {number} STATE_REFUSED=5 STATE_REFUSED value
                 */
                OpenAck.State = (function() {
                    const valuesById = $Object.create(null), values = $Object.create(valuesById);
                    values[valuesById[0] = "STATE_UNSPECIFIED"] = 0;
                    values[valuesById[1] = "STATE_NEW"] = 1;
                    values[valuesById[2] = "STATE_PARTIAL"] = 2;
                    values[valuesById[3] = "STATE_DONE"] = 3;
                    values[valuesById[4] = "STATE_LATER"] = 4;
                    values[valuesById[5] = "STATE_REFUSED"] = 5;
                    return values;
                })();

                return OpenAck;
            })();

            v1.Ack = (function() {

                /**
                 * Properties of an Ack.
                 * @typedef {Object} fieldloop.wire.v1.Ack.$Properties
                 * @property {number|null} [tid] Ack tid
                 * @property {number|null} [epoch] Ack epoch
                 * @property {number|Long|null} [received] Ack received
                 * @property {number|Long|null} [durable] Ack durable
                 * @property {number|null} [credit] Ack credit
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an Ack.
                 * @memberof fieldloop.wire.v1
                 * @interface IAck
                 * @augments fieldloop.wire.v1.Ack.$Properties
                 * @deprecated Use fieldloop.wire.v1.Ack.$Properties instead.
                 */

                /**
                 * Shape of an Ack.
                 * @typedef {fieldloop.wire.v1.Ack.$Properties} fieldloop.wire.v1.Ack.$Shape
                 */

                /**
                 * Constructs a new Ack.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents an Ack.
                 * @constructor
                 * @param {fieldloop.wire.v1.Ack.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Ack = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Ack tid.
                 * @member {number} tid
                 * @memberof fieldloop.wire.v1.Ack
                 * @instance
                 */
                Ack.prototype.tid = 0;

                /**
                 * Ack epoch.
                 * @member {number} epoch
                 * @memberof fieldloop.wire.v1.Ack
                 * @instance
                 */
                Ack.prototype.epoch = 0;

                /**
                 * Ack received.
                 * @member {number|Long} received
                 * @memberof fieldloop.wire.v1.Ack
                 * @instance
                 */
                Ack.prototype.received = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Ack durable.
                 * @member {number|Long} durable
                 * @memberof fieldloop.wire.v1.Ack
                 * @instance
                 */
                Ack.prototype.durable = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Ack credit.
                 * @member {number} credit
                 * @memberof fieldloop.wire.v1.Ack
                 * @instance
                 */
                Ack.prototype.credit = 0;

                /**
                 * Encodes the specified Ack message. Does not implicitly {@link fieldloop.wire.v1.Ack.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Ack
                 * @static
                 * @param {fieldloop.wire.v1.Ack.$Properties} message Ack message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Ack.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.tid != null && $Object.hasOwnProperty.call(message, "tid") && message.tid !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.tid);
                    if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && message.epoch !== 0)
                        writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.epoch);
                    if (message.received != null && $Object.hasOwnProperty.call(message, "received") && (typeof message.received === "object" ? message.received.low || message.received.high : message.received !== 0))
                        writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.received);
                    if (message.durable != null && $Object.hasOwnProperty.call(message, "durable") && (typeof message.durable === "object" ? message.durable.low || message.durable.high : message.durable !== 0))
                        writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.durable);
                    if (message.credit != null && $Object.hasOwnProperty.call(message, "credit") && message.credit !== 0)
                        writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.credit);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an Ack message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Ack
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Ack & fieldloop.wire.v1.Ack.$Shape} Ack
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Ack.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Ack();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.tid = value;
                                else
                                    delete message.tid;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.epoch = value;
                                else
                                    delete message.epoch;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.received = value;
                                else
                                    delete message.received;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.durable = value;
                                else
                                    delete message.durable;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.credit = value;
                                else
                                    delete message.credit;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Ack;
            })();

            v1.Done = (function() {

                /**
                 * Properties of a Done.
                 * @typedef {Object} fieldloop.wire.v1.Done.$Properties
                 * @property {number|null} [tid] Done tid
                 * @property {number|null} [epoch] Done epoch
                 * @property {Uint8Array|null} [hash] Done hash
                 * @property {number|Long|null} [size] Done size
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Done.
                 * @memberof fieldloop.wire.v1
                 * @interface IDone
                 * @augments fieldloop.wire.v1.Done.$Properties
                 * @deprecated Use fieldloop.wire.v1.Done.$Properties instead.
                 */

                /**
                 * Shape of a Done.
                 * @typedef {fieldloop.wire.v1.Done.$Properties} fieldloop.wire.v1.Done.$Shape
                 */

                /**
                 * Constructs a new Done.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Done.
                 * @constructor
                 * @param {fieldloop.wire.v1.Done.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Done = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Done tid.
                 * @member {number} tid
                 * @memberof fieldloop.wire.v1.Done
                 * @instance
                 */
                Done.prototype.tid = 0;

                /**
                 * Done epoch.
                 * @member {number} epoch
                 * @memberof fieldloop.wire.v1.Done
                 * @instance
                 */
                Done.prototype.epoch = 0;

                /**
                 * Done hash.
                 * @member {Uint8Array} hash
                 * @memberof fieldloop.wire.v1.Done
                 * @instance
                 */
                Done.prototype.hash = $util.newBuffer([]);

                /**
                 * Done size.
                 * @member {number|Long} size
                 * @memberof fieldloop.wire.v1.Done
                 * @instance
                 */
                Done.prototype.size = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Encodes the specified Done message. Does not implicitly {@link fieldloop.wire.v1.Done.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Done
                 * @static
                 * @param {fieldloop.wire.v1.Done.$Properties} message Done message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Done.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.tid != null && $Object.hasOwnProperty.call(message, "tid") && message.tid !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.tid);
                    if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && message.epoch !== 0)
                        writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.epoch);
                    if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                        writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.hash);
                    if (message.size != null && $Object.hasOwnProperty.call(message, "size") && (typeof message.size === "object" ? message.size.low || message.size.high : message.size !== 0))
                        writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.size);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Done message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Done
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Done & fieldloop.wire.v1.Done.$Shape} Done
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Done.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Done();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.tid = value;
                                else
                                    delete message.tid;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.epoch = value;
                                else
                                    delete message.epoch;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.hash = value;
                                else
                                    delete message.hash;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.size = value;
                                else
                                    delete message.size;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Done;
            })();

            v1.Nack = (function() {

                /**
                 * Properties of a Nack.
                 * @typedef {Object} fieldloop.wire.v1.Nack.$Properties
                 * @property {number|null} [tid] Nack tid
                 * @property {number|null} [epoch] Nack epoch
                 * @property {fieldloop.wire.v1.Code|null} [code] Nack code
                 * @property {number|Long|null} [from] Nack from
                 * @property {number|null} [retryAfterMs] Nack retryAfterMs
                 * @property {string|null} [detail] Nack detail
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Nack.
                 * @memberof fieldloop.wire.v1
                 * @interface INack
                 * @augments fieldloop.wire.v1.Nack.$Properties
                 * @deprecated Use fieldloop.wire.v1.Nack.$Properties instead.
                 */

                /**
                 * Shape of a Nack.
                 * @typedef {fieldloop.wire.v1.Nack.$Properties} fieldloop.wire.v1.Nack.$Shape
                 */

                /**
                 * Constructs a new Nack.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Nack.
                 * @constructor
                 * @param {fieldloop.wire.v1.Nack.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Nack = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Nack tid.
                 * @member {number} tid
                 * @memberof fieldloop.wire.v1.Nack
                 * @instance
                 */
                Nack.prototype.tid = 0;

                /**
                 * Nack epoch.
                 * @member {number} epoch
                 * @memberof fieldloop.wire.v1.Nack
                 * @instance
                 */
                Nack.prototype.epoch = 0;

                /**
                 * Nack code.
                 * @member {fieldloop.wire.v1.Code} code
                 * @memberof fieldloop.wire.v1.Nack
                 * @instance
                 */
                Nack.prototype.code = 0;

                /**
                 * Nack from.
                 * @member {number|Long} from
                 * @memberof fieldloop.wire.v1.Nack
                 * @instance
                 */
                Nack.prototype.from = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Nack retryAfterMs.
                 * @member {number} retryAfterMs
                 * @memberof fieldloop.wire.v1.Nack
                 * @instance
                 */
                Nack.prototype.retryAfterMs = 0;

                /**
                 * Nack detail.
                 * @member {string} detail
                 * @memberof fieldloop.wire.v1.Nack
                 * @instance
                 */
                Nack.prototype.detail = "";

                /**
                 * Encodes the specified Nack message. Does not implicitly {@link fieldloop.wire.v1.Nack.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Nack
                 * @static
                 * @param {fieldloop.wire.v1.Nack.$Properties} message Nack message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Nack.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.tid != null && $Object.hasOwnProperty.call(message, "tid") && message.tid !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.tid);
                    if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && message.epoch !== 0)
                        writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.epoch);
                    if (message.code != null && $Object.hasOwnProperty.call(message, "code") && message.code !== 0)
                        writer.uint32(/* id 3, wireType 0 =*/24).int32(message.code);
                    if (message.from != null && $Object.hasOwnProperty.call(message, "from") && (typeof message.from === "object" ? message.from.low || message.from.high : message.from !== 0))
                        writer.uint32(/* id 4, wireType 0 =*/32).uint64(message.from);
                    if (message.retryAfterMs != null && $Object.hasOwnProperty.call(message, "retryAfterMs") && message.retryAfterMs !== 0)
                        writer.uint32(/* id 5, wireType 0 =*/40).uint32(message.retryAfterMs);
                    if (message.detail != null && $Object.hasOwnProperty.call(message, "detail") && message.detail !== "")
                        writer.uint32(/* id 6, wireType 2 =*/50).string(message.detail);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Nack message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Nack
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Nack & fieldloop.wire.v1.Nack.$Shape} Nack
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Nack.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Nack();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.tid = value;
                                else
                                    delete message.tid;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.epoch = value;
                                else
                                    delete message.epoch;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.code = value;
                                else
                                    delete message.code;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.from = value;
                                else
                                    delete message.from;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.retryAfterMs = value;
                                else
                                    delete message.retryAfterMs;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.detail = value;
                                else
                                    delete message.detail;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Nack;
            })();

            v1.Cancel = (function() {

                /**
                 * Properties of a Cancel.
                 * @typedef {Object} fieldloop.wire.v1.Cancel.$Properties
                 * @property {number|null} [tid] Cancel tid
                 * @property {number|null} [epoch] Cancel epoch
                 * @property {fieldloop.wire.v1.Cancel.Reason|null} [reason] Cancel reason
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Cancel.
                 * @memberof fieldloop.wire.v1
                 * @interface ICancel
                 * @augments fieldloop.wire.v1.Cancel.$Properties
                 * @deprecated Use fieldloop.wire.v1.Cancel.$Properties instead.
                 */

                /**
                 * Shape of a Cancel.
                 * @typedef {fieldloop.wire.v1.Cancel.$Properties} fieldloop.wire.v1.Cancel.$Shape
                 */

                /**
                 * Constructs a new Cancel.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Cancel.
                 * @constructor
                 * @param {fieldloop.wire.v1.Cancel.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Cancel = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Cancel tid.
                 * @member {number} tid
                 * @memberof fieldloop.wire.v1.Cancel
                 * @instance
                 */
                Cancel.prototype.tid = 0;

                /**
                 * Cancel epoch.
                 * @member {number} epoch
                 * @memberof fieldloop.wire.v1.Cancel
                 * @instance
                 */
                Cancel.prototype.epoch = 0;

                /**
                 * Cancel reason.
                 * @member {fieldloop.wire.v1.Cancel.Reason} reason
                 * @memberof fieldloop.wire.v1.Cancel
                 * @instance
                 */
                Cancel.prototype.reason = 0;

                /**
                 * Encodes the specified Cancel message. Does not implicitly {@link fieldloop.wire.v1.Cancel.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Cancel
                 * @static
                 * @param {fieldloop.wire.v1.Cancel.$Properties} message Cancel message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Cancel.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.tid != null && $Object.hasOwnProperty.call(message, "tid") && message.tid !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.tid);
                    if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && message.epoch !== 0)
                        writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.epoch);
                    if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== 0)
                        writer.uint32(/* id 3, wireType 0 =*/24).int32(message.reason);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Cancel message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Cancel
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Cancel & fieldloop.wire.v1.Cancel.$Shape} Cancel
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Cancel.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Cancel();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.tid = value;
                                else
                                    delete message.tid;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.epoch = value;
                                else
                                    delete message.epoch;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.reason = value;
                                else
                                    delete message.reason;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                /**
                 * Reason enum.
                 * @name fieldloop.wire.v1.Cancel.Reason
                 * @enum {number}
                 * @property {number} REASON_UNSPECIFIED=0 REASON_UNSPECIFIED value
                 * @property {number} REASON_EVICTED=1 REASON_EVICTED value
                 * @property {number} REASON_OPERATOR=2 REASON_OPERATOR value
                 * @property {number} REASON_PRIORITY=3 REASON_PRIORITY value
                 * @property {number} REASON_SHUTDOWN=4 REASON_SHUTDOWN value
                 */
                Cancel.Reason = (function() {
                    const valuesById = $Object.create(null), values = $Object.create(valuesById);
                    values[valuesById[0] = "REASON_UNSPECIFIED"] = 0;
                    values[valuesById[1] = "REASON_EVICTED"] = 1;
                    values[valuesById[2] = "REASON_OPERATOR"] = 2;
                    values[valuesById[3] = "REASON_PRIORITY"] = 3;
                    values[valuesById[4] = "REASON_SHUTDOWN"] = 4;
                    return values;
                })();

                return Cancel;
            })();

            v1.Desired = (function() {

                /**
                 * Properties of a Desired.
                 * @typedef {Object} fieldloop.wire.v1.Desired.$Properties
                 * @property {number|Long|null} [generation] Desired generation
                 * @property {number|Long|null} [features] Desired features
                 * @property {Array.<fieldloop.wire.v1.DesiredSection.$Properties>|null} [sections] Desired sections
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Desired.
                 * @memberof fieldloop.wire.v1
                 * @interface IDesired
                 * @augments fieldloop.wire.v1.Desired.$Properties
                 * @deprecated Use fieldloop.wire.v1.Desired.$Properties instead.
                 */

                /**
                 * Shape of a Desired.
                 * @typedef {fieldloop.wire.v1.Desired.$Properties} fieldloop.wire.v1.Desired.$Shape
                 */

                /**
                 * Constructs a new Desired.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Desired.
                 * @constructor
                 * @param {fieldloop.wire.v1.Desired.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Desired = function (properties) {
                    this.sections = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Desired generation.
                 * @member {number|Long} generation
                 * @memberof fieldloop.wire.v1.Desired
                 * @instance
                 */
                Desired.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Desired features.
                 * @member {number|Long} features
                 * @memberof fieldloop.wire.v1.Desired
                 * @instance
                 */
                Desired.prototype.features = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Desired sections.
                 * @member {Array.<fieldloop.wire.v1.DesiredSection.$Properties>} sections
                 * @memberof fieldloop.wire.v1.Desired
                 * @instance
                 */
                Desired.prototype.sections = $util.emptyArray;

                /**
                 * Encodes the specified Desired message. Does not implicitly {@link fieldloop.wire.v1.Desired.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Desired
                 * @static
                 * @param {fieldloop.wire.v1.Desired.$Properties} message Desired message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Desired.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
                        writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.generation);
                    if (message.features != null && $Object.hasOwnProperty.call(message, "features") && (typeof message.features === "object" ? message.features.low || message.features.high : message.features !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.features);
                    if (message.sections != null && message.sections.length)
                        for (let i = 0; i < message.sections.length; ++i)
                            $root.fieldloop.wire.v1.DesiredSection.encode(message.sections[i], writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Desired message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Desired
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Desired & fieldloop.wire.v1.Desired.$Shape} Desired
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Desired.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Desired();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.generation = value;
                                else
                                    delete message.generation;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.features = value;
                                else
                                    delete message.features;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.sections && message.sections.length))
                                    message.sections = [];
                                message.sections.push($root.fieldloop.wire.v1.DesiredSection.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Desired;
            })();

            v1.DesiredSection = (function() {

                /**
                 * Properties of a DesiredSection.
                 * @typedef {Object} fieldloop.wire.v1.DesiredSection.$Properties
                 * @property {string|null} [name] DesiredSection name
                 * @property {number|Long|null} [generation] DesiredSection generation
                 * @property {Uint8Array|null} [hash] DesiredSection hash
                 * @property {Uint8Array|null} [document] DesiredSection document
                 * @property {fieldloop.wire.v1.DesiredSection.Packing|null} [packing] DesiredSection packing
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a DesiredSection.
                 * @memberof fieldloop.wire.v1
                 * @interface IDesiredSection
                 * @augments fieldloop.wire.v1.DesiredSection.$Properties
                 * @deprecated Use fieldloop.wire.v1.DesiredSection.$Properties instead.
                 */

                /**
                 * Shape of a DesiredSection.
                 * @typedef {fieldloop.wire.v1.DesiredSection.$Properties} fieldloop.wire.v1.DesiredSection.$Shape
                 */

                /**
                 * Constructs a new DesiredSection.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a DesiredSection.
                 * @constructor
                 * @param {fieldloop.wire.v1.DesiredSection.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const DesiredSection = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * DesiredSection name.
                 * @member {string} name
                 * @memberof fieldloop.wire.v1.DesiredSection
                 * @instance
                 */
                DesiredSection.prototype.name = "";

                /**
                 * DesiredSection generation.
                 * @member {number|Long} generation
                 * @memberof fieldloop.wire.v1.DesiredSection
                 * @instance
                 */
                DesiredSection.prototype.generation = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * DesiredSection hash.
                 * @member {Uint8Array} hash
                 * @memberof fieldloop.wire.v1.DesiredSection
                 * @instance
                 */
                DesiredSection.prototype.hash = $util.newBuffer([]);

                /**
                 * DesiredSection document.
                 * @member {Uint8Array} document
                 * @memberof fieldloop.wire.v1.DesiredSection
                 * @instance
                 */
                DesiredSection.prototype.document = $util.newBuffer([]);

                /**
                 * DesiredSection packing.
                 * @member {fieldloop.wire.v1.DesiredSection.Packing} packing
                 * @memberof fieldloop.wire.v1.DesiredSection
                 * @instance
                 */
                DesiredSection.prototype.packing = 0;

                /**
                 * Encodes the specified DesiredSection message. Does not implicitly {@link fieldloop.wire.v1.DesiredSection.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.DesiredSection
                 * @static
                 * @param {fieldloop.wire.v1.DesiredSection.$Properties} message DesiredSection message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                DesiredSection.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
                    if (message.generation != null && $Object.hasOwnProperty.call(message, "generation") && (typeof message.generation === "object" ? message.generation.low || message.generation.high : message.generation !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.generation);
                    if (message.hash != null && $Object.hasOwnProperty.call(message, "hash") && message.hash.length)
                        writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.hash);
                    if (message.document != null && $Object.hasOwnProperty.call(message, "document") && message.document.length)
                        writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.document);
                    if (message.packing != null && $Object.hasOwnProperty.call(message, "packing") && message.packing !== 0)
                        writer.uint32(/* id 5, wireType 0 =*/40).int32(message.packing);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a DesiredSection message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.DesiredSection
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.DesiredSection & fieldloop.wire.v1.DesiredSection.$Shape} DesiredSection
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                DesiredSection.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.DesiredSection();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.name = value;
                                else
                                    delete message.name;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.generation = value;
                                else
                                    delete message.generation;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.hash = value;
                                else
                                    delete message.hash;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.document = value;
                                else
                                    delete message.document;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.packing = value;
                                else
                                    delete message.packing;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                /**
                 * Packing enum.
                 * @name fieldloop.wire.v1.DesiredSection.Packing
                 * @enum {number}
                 * @property {number} PACKING_UNSPECIFIED=0 PACKING_UNSPECIFIED value
                 * @property {number} PACKING_NONE=1 PACKING_NONE value
                 * @property {number} PACKING_BROTLI=2 PACKING_BROTLI value
                 */
                DesiredSection.Packing = (function() {
                    const valuesById = $Object.create(null), values = $Object.create(valuesById);
                    values[valuesById[0] = "PACKING_UNSPECIFIED"] = 0;
                    values[valuesById[1] = "PACKING_NONE"] = 1;
                    values[valuesById[2] = "PACKING_BROTLI"] = 2;
                    return values;
                })();

                return DesiredSection;
            })();

            v1.Command = (function() {

                /**
                 * Properties of a Command.
                 * @typedef {Object} fieldloop.wire.v1.Command.$Properties
                 * @property {Uint8Array|null} [id] Command id
                 * @property {number|Long|null} [deadlineMs] Command deadlineMs
                 * @property {fieldloop.wire.v1.Pull.$Properties|null} [pull] Command pull
                 * @property {fieldloop.wire.v1.ClipNow.$Properties|null} [clipNow] Command clipNow
                 * @property {fieldloop.wire.v1.Restart.$Properties|null} [restart] Command restart
                 * @property {fieldloop.wire.v1.SetLogLevel.$Properties|null} [logLevel] Command logLevel
                 * @property {fieldloop.wire.v1.Ping.$Properties|null} [ping] Command ping
                 * @property {fieldloop.wire.v1.Diagnose.$Properties|null} [diagnose] Command diagnose
                 * @property {fieldloop.wire.v1.Refresh.$Properties|null} [refresh] Command refresh
                 * @property {"pull"|"clipNow"|"restart"|"logLevel"|"ping"|"diagnose"|"refresh"} [body] Command body
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Command.
                 * @memberof fieldloop.wire.v1
                 * @interface ICommand
                 * @augments fieldloop.wire.v1.Command.$Properties
                 * @deprecated Use fieldloop.wire.v1.Command.$Properties instead.
                 */

                /**
                 * Narrowed shape of a Command.
                 * @typedef {{
                 *   id?: Uint8Array|null;
                 *   deadlineMs?: number|Long|null;
                 *   pull?: fieldloop.wire.v1.Pull.$Shape|null;
                 *   clipNow?: fieldloop.wire.v1.ClipNow.$Shape|null;
                 *   restart?: fieldloop.wire.v1.Restart.$Shape|null;
                 *   logLevel?: fieldloop.wire.v1.SetLogLevel.$Shape|null;
                 *   ping?: fieldloop.wire.v1.Ping.$Shape|null;
                 *   diagnose?: fieldloop.wire.v1.Diagnose.$Shape|null;
                 *   refresh?: fieldloop.wire.v1.Refresh.$Shape|null;
                 *   $unknowns?: Array.<Uint8Array>;
                 * } & (
                 *   ({ body?: undefined; pull?: null; clipNow?: null; restart?: null; logLevel?: null; ping?: null; diagnose?: null; refresh?: null }|{ body?: "pull"; pull: fieldloop.wire.v1.Pull.$Shape; clipNow?: null; restart?: null; logLevel?: null; ping?: null; diagnose?: null; refresh?: null }|{ body?: "clipNow"; pull?: null; clipNow: fieldloop.wire.v1.ClipNow.$Shape; restart?: null; logLevel?: null; ping?: null; diagnose?: null; refresh?: null }|{ body?: "restart"; pull?: null; clipNow?: null; restart: fieldloop.wire.v1.Restart.$Shape; logLevel?: null; ping?: null; diagnose?: null; refresh?: null }|{ body?: "logLevel"; pull?: null; clipNow?: null; restart?: null; logLevel: fieldloop.wire.v1.SetLogLevel.$Shape; ping?: null; diagnose?: null; refresh?: null }|{ body?: "ping"; pull?: null; clipNow?: null; restart?: null; logLevel?: null; ping: fieldloop.wire.v1.Ping.$Shape; diagnose?: null; refresh?: null }|{ body?: "diagnose"; pull?: null; clipNow?: null; restart?: null; logLevel?: null; ping?: null; diagnose: fieldloop.wire.v1.Diagnose.$Shape; refresh?: null }|{ body?: "refresh"; pull?: null; clipNow?: null; restart?: null; logLevel?: null; ping?: null; diagnose?: null; refresh: fieldloop.wire.v1.Refresh.$Shape })
                 * )} fieldloop.wire.v1.Command.$Shape
                 */

                /**
                 * Constructs a new Command.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Command.
                 * @constructor
                 * @param {fieldloop.wire.v1.Command.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Command = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Command id.
                 * @member {Uint8Array} id
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.id = $util.newBuffer([]);

                /**
                 * Command deadlineMs.
                 * @member {number|Long} deadlineMs
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.deadlineMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Command pull.
                 * @member {fieldloop.wire.v1.Pull.$Properties|null|undefined} pull
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.pull = null;

                /**
                 * Command clipNow.
                 * @member {fieldloop.wire.v1.ClipNow.$Properties|null|undefined} clipNow
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.clipNow = null;

                /**
                 * Command restart.
                 * @member {fieldloop.wire.v1.Restart.$Properties|null|undefined} restart
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.restart = null;

                /**
                 * Command logLevel.
                 * @member {fieldloop.wire.v1.SetLogLevel.$Properties|null|undefined} logLevel
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.logLevel = null;

                /**
                 * Command ping.
                 * @member {fieldloop.wire.v1.Ping.$Properties|null|undefined} ping
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.ping = null;

                /**
                 * Command diagnose.
                 * @member {fieldloop.wire.v1.Diagnose.$Properties|null|undefined} diagnose
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.diagnose = null;

                /**
                 * Command refresh.
                 * @member {fieldloop.wire.v1.Refresh.$Properties|null|undefined} refresh
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                Command.prototype.refresh = null;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                /**
                 * Command body.
                 * @member {"pull"|"clipNow"|"restart"|"logLevel"|"ping"|"diagnose"|"refresh"|undefined} body
                 * @memberof fieldloop.wire.v1.Command
                 * @instance
                 */
                $Object.defineProperty(Command.prototype, "body", {
                    get: $util.oneOfGetter($oneOfFields = ["pull", "clipNow", "restart", "logLevel", "ping", "diagnose", "refresh"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Command message. Does not implicitly {@link fieldloop.wire.v1.Command.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Command
                 * @static
                 * @param {fieldloop.wire.v1.Command.$Properties} message Command message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Command.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.id != null && $Object.hasOwnProperty.call(message, "id") && message.id.length)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.id);
                    if (message.deadlineMs != null && $Object.hasOwnProperty.call(message, "deadlineMs") && (typeof message.deadlineMs === "object" ? message.deadlineMs.low || message.deadlineMs.high : message.deadlineMs !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.deadlineMs);
                    if (message.pull != null && $Object.hasOwnProperty.call(message, "pull"))
                        $root.fieldloop.wire.v1.Pull.encode(message.pull, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                    if (message.clipNow != null && $Object.hasOwnProperty.call(message, "clipNow"))
                        $root.fieldloop.wire.v1.ClipNow.encode(message.clipNow, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                    if (message.restart != null && $Object.hasOwnProperty.call(message, "restart"))
                        $root.fieldloop.wire.v1.Restart.encode(message.restart, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                    if (message.logLevel != null && $Object.hasOwnProperty.call(message, "logLevel"))
                        $root.fieldloop.wire.v1.SetLogLevel.encode(message.logLevel, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                    if (message.ping != null && $Object.hasOwnProperty.call(message, "ping"))
                        $root.fieldloop.wire.v1.Ping.encode(message.ping, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                    if (message.diagnose != null && $Object.hasOwnProperty.call(message, "diagnose"))
                        $root.fieldloop.wire.v1.Diagnose.encode(message.diagnose, writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                    if (message.refresh != null && $Object.hasOwnProperty.call(message, "refresh"))
                        $root.fieldloop.wire.v1.Refresh.encode(message.refresh, writer.uint32(/* id 9, wireType 2 =*/74).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Command message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Command
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Command & fieldloop.wire.v1.Command.$Shape} Command
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Command.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Command();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.id = value;
                                else
                                    delete message.id;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.deadlineMs = value;
                                else
                                    delete message.deadlineMs;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                message.pull = $root.fieldloop.wire.v1.Pull.decode(reader, reader.size(), $undefined, _depth + 1, message.pull);
                                message.body = "pull";
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                message.clipNow = $root.fieldloop.wire.v1.ClipNow.decode(reader, reader.size(), $undefined, _depth + 1, message.clipNow);
                                message.body = "clipNow";
                                continue;
                            }
                        case 5: {
                                if (wireType !== 2)
                                    break;
                                message.restart = $root.fieldloop.wire.v1.Restart.decode(reader, reader.size(), $undefined, _depth + 1, message.restart);
                                message.body = "restart";
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                message.logLevel = $root.fieldloop.wire.v1.SetLogLevel.decode(reader, reader.size(), $undefined, _depth + 1, message.logLevel);
                                message.body = "logLevel";
                                continue;
                            }
                        case 7: {
                                if (wireType !== 2)
                                    break;
                                message.ping = $root.fieldloop.wire.v1.Ping.decode(reader, reader.size(), $undefined, _depth + 1, message.ping);
                                message.body = "ping";
                                continue;
                            }
                        case 8: {
                                if (wireType !== 2)
                                    break;
                                message.diagnose = $root.fieldloop.wire.v1.Diagnose.decode(reader, reader.size(), $undefined, _depth + 1, message.diagnose);
                                message.body = "diagnose";
                                continue;
                            }
                        case 9: {
                                if (wireType !== 2)
                                    break;
                                message.refresh = $root.fieldloop.wire.v1.Refresh.decode(reader, reader.size(), $undefined, _depth + 1, message.refresh);
                                message.body = "refresh";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Command;
            })();

            v1.Pull = (function() {

                /**
                 * Properties of a Pull.
                 * @typedef {Object} fieldloop.wire.v1.Pull.$Properties
                 * @property {Uint8Array|null} [clipId] Pull clipId
                 * @property {Array.<string>|null} [topics] Pull topics
                 * @property {number|Long|null} [startNs] Pull startNs
                 * @property {number|Long|null} [endNs] Pull endNs
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Pull.
                 * @memberof fieldloop.wire.v1
                 * @interface IPull
                 * @augments fieldloop.wire.v1.Pull.$Properties
                 * @deprecated Use fieldloop.wire.v1.Pull.$Properties instead.
                 */

                /**
                 * Shape of a Pull.
                 * @typedef {fieldloop.wire.v1.Pull.$Properties} fieldloop.wire.v1.Pull.$Shape
                 */

                /**
                 * Constructs a new Pull.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Pull.
                 * @constructor
                 * @param {fieldloop.wire.v1.Pull.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Pull = function (properties) {
                    this.topics = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Pull clipId.
                 * @member {Uint8Array} clipId
                 * @memberof fieldloop.wire.v1.Pull
                 * @instance
                 */
                Pull.prototype.clipId = $util.newBuffer([]);

                /**
                 * Pull topics.
                 * @member {Array.<string>} topics
                 * @memberof fieldloop.wire.v1.Pull
                 * @instance
                 */
                Pull.prototype.topics = $util.emptyArray;

                /**
                 * Pull startNs.
                 * @member {number|Long|null|undefined} startNs
                 * @memberof fieldloop.wire.v1.Pull
                 * @instance
                 */
                Pull.prototype.startNs = null;

                /**
                 * Pull endNs.
                 * @member {number|Long|null|undefined} endNs
                 * @memberof fieldloop.wire.v1.Pull
                 * @instance
                 */
                Pull.prototype.endNs = null;

                // OneOf field names bound to virtual getters and setters
                let $oneOfFields;

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Pull.prototype, "_startNs", {
                    get: $util.oneOfGetter($oneOfFields = ["startNs"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                // Virtual OneOf for proto3 optional field
                $Object.defineProperty(Pull.prototype, "_endNs", {
                    get: $util.oneOfGetter($oneOfFields = ["endNs"]),
                    set: $util.oneOfSetter($oneOfFields)
                });

                /**
                 * Encodes the specified Pull message. Does not implicitly {@link fieldloop.wire.v1.Pull.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Pull
                 * @static
                 * @param {fieldloop.wire.v1.Pull.$Properties} message Pull message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Pull.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.clipId != null && $Object.hasOwnProperty.call(message, "clipId") && message.clipId.length)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.clipId);
                    if (message.topics != null && message.topics.length)
                        for (let i = 0; i < message.topics.length; ++i)
                            writer.uint32(/* id 2, wireType 2 =*/18).string(message.topics[i]);
                    if (message.startNs != null && $Object.hasOwnProperty.call(message, "startNs"))
                        writer.uint32(/* id 3, wireType 1 =*/25).fixed64(message.startNs);
                    if (message.endNs != null && $Object.hasOwnProperty.call(message, "endNs"))
                        writer.uint32(/* id 4, wireType 1 =*/33).fixed64(message.endNs);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Pull message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Pull
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Pull & fieldloop.wire.v1.Pull.$Shape} Pull
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Pull.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Pull();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.clipId = value;
                                else
                                    delete message.clipId;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.topics && message.topics.length))
                                    message.topics = [];
                                message.topics.push(reader.stringVerify());
                                continue;
                            }
                        case 3: {
                                if (wireType !== 1)
                                    break;
                                message.startNs = reader.fixed64();
                                message._startNs = "startNs";
                                continue;
                            }
                        case 4: {
                                if (wireType !== 1)
                                    break;
                                message.endNs = reader.fixed64();
                                message._endNs = "endNs";
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Pull;
            })();

            v1.ClipNow = (function() {

                /**
                 * Properties of a ClipNow.
                 * @typedef {Object} fieldloop.wire.v1.ClipNow.$Properties
                 * @property {number|null} [preS] ClipNow preS
                 * @property {number|null} [postS] ClipNow postS
                 * @property {Array.<string>|null} [topics] ClipNow topics
                 * @property {string|null} [reason] ClipNow reason
                 * @property {fieldloop.wire.v1.Severity|null} [severity] ClipNow severity
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a ClipNow.
                 * @memberof fieldloop.wire.v1
                 * @interface IClipNow
                 * @augments fieldloop.wire.v1.ClipNow.$Properties
                 * @deprecated Use fieldloop.wire.v1.ClipNow.$Properties instead.
                 */

                /**
                 * Shape of a ClipNow.
                 * @typedef {fieldloop.wire.v1.ClipNow.$Properties} fieldloop.wire.v1.ClipNow.$Shape
                 */

                /**
                 * Constructs a new ClipNow.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a ClipNow.
                 * @constructor
                 * @param {fieldloop.wire.v1.ClipNow.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const ClipNow = function (properties) {
                    this.topics = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * ClipNow preS.
                 * @member {number} preS
                 * @memberof fieldloop.wire.v1.ClipNow
                 * @instance
                 */
                ClipNow.prototype.preS = 0;

                /**
                 * ClipNow postS.
                 * @member {number} postS
                 * @memberof fieldloop.wire.v1.ClipNow
                 * @instance
                 */
                ClipNow.prototype.postS = 0;

                /**
                 * ClipNow topics.
                 * @member {Array.<string>} topics
                 * @memberof fieldloop.wire.v1.ClipNow
                 * @instance
                 */
                ClipNow.prototype.topics = $util.emptyArray;

                /**
                 * ClipNow reason.
                 * @member {string} reason
                 * @memberof fieldloop.wire.v1.ClipNow
                 * @instance
                 */
                ClipNow.prototype.reason = "";

                /**
                 * ClipNow severity.
                 * @member {fieldloop.wire.v1.Severity} severity
                 * @memberof fieldloop.wire.v1.ClipNow
                 * @instance
                 */
                ClipNow.prototype.severity = 0;

                /**
                 * Encodes the specified ClipNow message. Does not implicitly {@link fieldloop.wire.v1.ClipNow.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.ClipNow
                 * @static
                 * @param {fieldloop.wire.v1.ClipNow.$Properties} message ClipNow message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                ClipNow.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.preS != null && $Object.hasOwnProperty.call(message, "preS") && !$Object.is(message.preS, 0))
                        writer.uint32(/* id 1, wireType 1 =*/9).double(message.preS);
                    if (message.postS != null && $Object.hasOwnProperty.call(message, "postS") && !$Object.is(message.postS, 0))
                        writer.uint32(/* id 2, wireType 1 =*/17).double(message.postS);
                    if (message.topics != null && message.topics.length)
                        for (let i = 0; i < message.topics.length; ++i)
                            writer.uint32(/* id 3, wireType 2 =*/26).string(message.topics[i]);
                    if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                        writer.uint32(/* id 4, wireType 2 =*/34).string(message.reason);
                    if (message.severity != null && $Object.hasOwnProperty.call(message, "severity") && message.severity !== 0)
                        writer.uint32(/* id 5, wireType 0 =*/40).int32(message.severity);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a ClipNow message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.ClipNow
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.ClipNow & fieldloop.wire.v1.ClipNow.$Shape} ClipNow
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                ClipNow.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.ClipNow();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 1)
                                    break;
                                if (!$Object.is(value = reader.double(), 0))
                                    message.preS = value;
                                else
                                    delete message.preS;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 1)
                                    break;
                                if (!$Object.is(value = reader.double(), 0))
                                    message.postS = value;
                                else
                                    delete message.postS;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.topics && message.topics.length))
                                    message.topics = [];
                                message.topics.push(reader.stringVerify());
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.reason = value;
                                else
                                    delete message.reason;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.severity = value;
                                else
                                    delete message.severity;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return ClipNow;
            })();

            v1.Restart = (function() {

                /**
                 * Properties of a Restart.
                 * @typedef {Object} fieldloop.wire.v1.Restart.$Properties
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Restart.
                 * @memberof fieldloop.wire.v1
                 * @interface IRestart
                 * @augments fieldloop.wire.v1.Restart.$Properties
                 * @deprecated Use fieldloop.wire.v1.Restart.$Properties instead.
                 */

                /**
                 * Shape of a Restart.
                 * @typedef {fieldloop.wire.v1.Restart.$Properties} fieldloop.wire.v1.Restart.$Shape
                 */

                /**
                 * Constructs a new Restart.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Restart.
                 * @constructor
                 * @param {fieldloop.wire.v1.Restart.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Restart = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Encodes the specified Restart message. Does not implicitly {@link fieldloop.wire.v1.Restart.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Restart
                 * @static
                 * @param {fieldloop.wire.v1.Restart.$Properties} message Restart message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Restart.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Restart message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Restart
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Restart & fieldloop.wire.v1.Restart.$Shape} Restart
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Restart.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Restart();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        reader.skipType(tag & 7, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Restart;
            })();

            v1.SetLogLevel = (function() {

                /**
                 * Properties of a SetLogLevel.
                 * @typedef {Object} fieldloop.wire.v1.SetLogLevel.$Properties
                 * @property {fieldloop.wire.v1.SetLogLevel.Level|null} [level] SetLogLevel level
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a SetLogLevel.
                 * @memberof fieldloop.wire.v1
                 * @interface ISetLogLevel
                 * @augments fieldloop.wire.v1.SetLogLevel.$Properties
                 * @deprecated Use fieldloop.wire.v1.SetLogLevel.$Properties instead.
                 */

                /**
                 * Shape of a SetLogLevel.
                 * @typedef {fieldloop.wire.v1.SetLogLevel.$Properties} fieldloop.wire.v1.SetLogLevel.$Shape
                 */

                /**
                 * Constructs a new SetLogLevel.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a SetLogLevel.
                 * @constructor
                 * @param {fieldloop.wire.v1.SetLogLevel.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const SetLogLevel = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * SetLogLevel level.
                 * @member {fieldloop.wire.v1.SetLogLevel.Level} level
                 * @memberof fieldloop.wire.v1.SetLogLevel
                 * @instance
                 */
                SetLogLevel.prototype.level = 0;

                /**
                 * Encodes the specified SetLogLevel message. Does not implicitly {@link fieldloop.wire.v1.SetLogLevel.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.SetLogLevel
                 * @static
                 * @param {fieldloop.wire.v1.SetLogLevel.$Properties} message SetLogLevel message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                SetLogLevel.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.level != null && $Object.hasOwnProperty.call(message, "level") && message.level !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).int32(message.level);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a SetLogLevel message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.SetLogLevel
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.SetLogLevel & fieldloop.wire.v1.SetLogLevel.$Shape} SetLogLevel
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                SetLogLevel.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.SetLogLevel();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.level = value;
                                else
                                    delete message.level;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                /**
                 * Level enum.
                 * @name fieldloop.wire.v1.SetLogLevel.Level
                 * @enum {number}
                 * @property {number} LEVEL_UNSPECIFIED=0 LEVEL_UNSPECIFIED value
                 * @property {number} LEVEL_DEBUG=1 LEVEL_DEBUG value
                 * @property {number} LEVEL_INFO=2 LEVEL_INFO value
                 * @property {number} LEVEL_WARN=3 LEVEL_WARN value
                 * @property {number} LEVEL_ERROR=4 LEVEL_ERROR value
                 */
                SetLogLevel.Level = (function() {
                    const valuesById = $Object.create(null), values = $Object.create(valuesById);
                    values[valuesById[0] = "LEVEL_UNSPECIFIED"] = 0;
                    values[valuesById[1] = "LEVEL_DEBUG"] = 1;
                    values[valuesById[2] = "LEVEL_INFO"] = 2;
                    values[valuesById[3] = "LEVEL_WARN"] = 3;
                    values[valuesById[4] = "LEVEL_ERROR"] = 4;
                    return values;
                })();

                return SetLogLevel;
            })();

            v1.Ping = (function() {

                /**
                 * Properties of a Ping.
                 * @typedef {Object} fieldloop.wire.v1.Ping.$Properties
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Ping.
                 * @memberof fieldloop.wire.v1
                 * @interface IPing
                 * @augments fieldloop.wire.v1.Ping.$Properties
                 * @deprecated Use fieldloop.wire.v1.Ping.$Properties instead.
                 */

                /**
                 * Shape of a Ping.
                 * @typedef {fieldloop.wire.v1.Ping.$Properties} fieldloop.wire.v1.Ping.$Shape
                 */

                /**
                 * Constructs a new Ping.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Ping.
                 * @constructor
                 * @param {fieldloop.wire.v1.Ping.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Ping = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Encodes the specified Ping message. Does not implicitly {@link fieldloop.wire.v1.Ping.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Ping
                 * @static
                 * @param {fieldloop.wire.v1.Ping.$Properties} message Ping message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Ping.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Ping message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Ping
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Ping & fieldloop.wire.v1.Ping.$Shape} Ping
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Ping.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Ping();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        reader.skipType(tag & 7, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Ping;
            })();

            v1.Diagnose = (function() {

                /**
                 * Properties of a Diagnose.
                 * @typedef {Object} fieldloop.wire.v1.Diagnose.$Properties
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Diagnose.
                 * @memberof fieldloop.wire.v1
                 * @interface IDiagnose
                 * @augments fieldloop.wire.v1.Diagnose.$Properties
                 * @deprecated Use fieldloop.wire.v1.Diagnose.$Properties instead.
                 */

                /**
                 * Shape of a Diagnose.
                 * @typedef {fieldloop.wire.v1.Diagnose.$Properties} fieldloop.wire.v1.Diagnose.$Shape
                 */

                /**
                 * Constructs a new Diagnose.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Diagnose.
                 * @constructor
                 * @param {fieldloop.wire.v1.Diagnose.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Diagnose = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Encodes the specified Diagnose message. Does not implicitly {@link fieldloop.wire.v1.Diagnose.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Diagnose
                 * @static
                 * @param {fieldloop.wire.v1.Diagnose.$Properties} message Diagnose message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Diagnose.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Diagnose message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Diagnose
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Diagnose & fieldloop.wire.v1.Diagnose.$Shape} Diagnose
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Diagnose.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Diagnose();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        reader.skipType(tag & 7, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Diagnose;
            })();

            v1.Refresh = (function() {

                /**
                 * Properties of a Refresh.
                 * @typedef {Object} fieldloop.wire.v1.Refresh.$Properties
                 * @property {string|null} [section] Refresh section
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Refresh.
                 * @memberof fieldloop.wire.v1
                 * @interface IRefresh
                 * @augments fieldloop.wire.v1.Refresh.$Properties
                 * @deprecated Use fieldloop.wire.v1.Refresh.$Properties instead.
                 */

                /**
                 * Shape of a Refresh.
                 * @typedef {fieldloop.wire.v1.Refresh.$Properties} fieldloop.wire.v1.Refresh.$Shape
                 */

                /**
                 * Constructs a new Refresh.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Refresh.
                 * @constructor
                 * @param {fieldloop.wire.v1.Refresh.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Refresh = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Refresh section.
                 * @member {string} section
                 * @memberof fieldloop.wire.v1.Refresh
                 * @instance
                 */
                Refresh.prototype.section = "";

                /**
                 * Encodes the specified Refresh message. Does not implicitly {@link fieldloop.wire.v1.Refresh.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Refresh
                 * @static
                 * @param {fieldloop.wire.v1.Refresh.$Properties} message Refresh message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Refresh.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.section != null && $Object.hasOwnProperty.call(message, "section") && message.section !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.section);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Refresh message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Refresh
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Refresh & fieldloop.wire.v1.Refresh.$Shape} Refresh
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Refresh.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Refresh();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.section = value;
                                else
                                    delete message.section;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Refresh;
            })();

            v1.Telemetry = (function() {

                /**
                 * Properties of a Telemetry.
                 * @typedef {Object} fieldloop.wire.v1.Telemetry.$Properties
                 * @property {Uint8Array|null} [bootId] Telemetry bootId
                 * @property {number|Long|null} [seq] Telemetry seq
                 * @property {number|Long|null} [atMs] Telemetry atMs
                 * @property {Array.<fieldloop.wire.v1.Series.$Properties>|null} [series] Telemetry series
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Telemetry.
                 * @memberof fieldloop.wire.v1
                 * @interface ITelemetry
                 * @augments fieldloop.wire.v1.Telemetry.$Properties
                 * @deprecated Use fieldloop.wire.v1.Telemetry.$Properties instead.
                 */

                /**
                 * Shape of a Telemetry.
                 * @typedef {fieldloop.wire.v1.Telemetry.$Properties} fieldloop.wire.v1.Telemetry.$Shape
                 */

                /**
                 * Constructs a new Telemetry.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Telemetry.
                 * @constructor
                 * @param {fieldloop.wire.v1.Telemetry.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Telemetry = function (properties) {
                    this.series = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Telemetry bootId.
                 * @member {Uint8Array} bootId
                 * @memberof fieldloop.wire.v1.Telemetry
                 * @instance
                 */
                Telemetry.prototype.bootId = $util.newBuffer([]);

                /**
                 * Telemetry seq.
                 * @member {number|Long} seq
                 * @memberof fieldloop.wire.v1.Telemetry
                 * @instance
                 */
                Telemetry.prototype.seq = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Telemetry atMs.
                 * @member {number|Long} atMs
                 * @memberof fieldloop.wire.v1.Telemetry
                 * @instance
                 */
                Telemetry.prototype.atMs = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

                /**
                 * Telemetry series.
                 * @member {Array.<fieldloop.wire.v1.Series.$Properties>} series
                 * @memberof fieldloop.wire.v1.Telemetry
                 * @instance
                 */
                Telemetry.prototype.series = $util.emptyArray;

                /**
                 * Encodes the specified Telemetry message. Does not implicitly {@link fieldloop.wire.v1.Telemetry.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Telemetry
                 * @static
                 * @param {fieldloop.wire.v1.Telemetry.$Properties} message Telemetry message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Telemetry.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.bootId != null && $Object.hasOwnProperty.call(message, "bootId") && message.bootId.length)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.bootId);
                    if (message.seq != null && $Object.hasOwnProperty.call(message, "seq") && (typeof message.seq === "object" ? message.seq.low || message.seq.high : message.seq !== 0))
                        writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.seq);
                    if (message.atMs != null && $Object.hasOwnProperty.call(message, "atMs") && (typeof message.atMs === "object" ? message.atMs.low || message.atMs.high : message.atMs !== 0))
                        writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.atMs);
                    if (message.series != null && message.series.length)
                        for (let i = 0; i < message.series.length; ++i)
                            $root.fieldloop.wire.v1.Series.encode(message.series[i], writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Telemetry message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Telemetry
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Telemetry & fieldloop.wire.v1.Telemetry.$Shape} Telemetry
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Telemetry.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Telemetry();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.bootId = value;
                                else
                                    delete message.bootId;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.seq = value;
                                else
                                    delete message.seq;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                    message.atMs = value;
                                else
                                    delete message.atMs;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.series && message.series.length))
                                    message.series = [];
                                message.series.push($root.fieldloop.wire.v1.Series.decode(reader, reader.size(), $undefined, _depth + 1));
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Telemetry;
            })();

            v1.Series = (function() {

                /**
                 * Properties of a Series.
                 * @typedef {Object} fieldloop.wire.v1.Series.$Properties
                 * @property {string|null} [name] Series name
                 * @property {string|null} [unit] Series unit
                 * @property {number|null} [value] Series value
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Series.
                 * @memberof fieldloop.wire.v1
                 * @interface ISeries
                 * @augments fieldloop.wire.v1.Series.$Properties
                 * @deprecated Use fieldloop.wire.v1.Series.$Properties instead.
                 */

                /**
                 * Shape of a Series.
                 * @typedef {fieldloop.wire.v1.Series.$Properties} fieldloop.wire.v1.Series.$Shape
                 */

                /**
                 * Constructs a new Series.
                 * @memberof fieldloop.wire.v1
                 * @classdesc Represents a Series.
                 * @constructor
                 * @param {fieldloop.wire.v1.Series.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Series = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Series name.
                 * @member {string} name
                 * @memberof fieldloop.wire.v1.Series
                 * @instance
                 */
                Series.prototype.name = "";

                /**
                 * Series unit.
                 * @member {string} unit
                 * @memberof fieldloop.wire.v1.Series
                 * @instance
                 */
                Series.prototype.unit = "";

                /**
                 * Series value.
                 * @member {number} value
                 * @memberof fieldloop.wire.v1.Series
                 * @instance
                 */
                Series.prototype.value = 0;

                /**
                 * Encodes the specified Series message. Does not implicitly {@link fieldloop.wire.v1.Series.verify|verify} messages.
                 * @function encode
                 * @memberof fieldloop.wire.v1.Series
                 * @static
                 * @param {fieldloop.wire.v1.Series.$Properties} message Series message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Series.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.name != null && $Object.hasOwnProperty.call(message, "name") && message.name !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.name);
                    if (message.unit != null && $Object.hasOwnProperty.call(message, "unit") && message.unit !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.unit);
                    if (message.value != null && $Object.hasOwnProperty.call(message, "value") && !$Object.is(message.value, 0))
                        writer.uint32(/* id 3, wireType 1 =*/25).double(message.value);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Series message from the specified reader or buffer.
                 * @function decode
                 * @memberof fieldloop.wire.v1.Series
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {fieldloop.wire.v1.Series & fieldloop.wire.v1.Series.$Shape} Series
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Series.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.fieldloop.wire.v1.Series();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.name = value;
                                else
                                    delete message.name;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.unit = value;
                                else
                                    delete message.unit;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 1)
                                    break;
                                if (!$Object.is(value = reader.double(), 0))
                                    message.value = value;
                                else
                                    delete message.value;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return Series;
            })();

            return v1;
        })();

        return wire;
    })();

    return fieldloop;
})();

export {
  $root as default
};
