import type { Shape, StructShape } from './shape.ts';

/** A protobuf message with what the wire needs to know of its fields. */
export interface ProtoStruct extends StructShape {
  readonly fields: ReadonlyMap<string, ProtoField>;
}

export interface ProtoField {
  readonly id: number;
  readonly shape: Shape;
  /** `double`, `sint64`, `string`, `message`…; enumerations are `int32`. */
  readonly wire: string;
  readonly isList: boolean;
  /** Absent is not the same as its default. */
  readonly hasPresence: boolean;
  /** Read from the wire by us; maps, members of a oneof, groups and closed enumerations are not. */
  readonly isPlain: boolean;
}

export function isProtoStruct(shape: Shape): shape is ProtoStruct {
  return shape.kind === 'struct' && 'fields' in shape;
}
