import type { FieldType } from './types.ts';

/**
 * What a schema says about a value, whatever its encoding. ROS definitions, protobuf descriptors
 * and JSON schemas become shapes, so that paths are checked and listed by one piece of code.
 */
export type Shape = LeafShape | StructShape | ListShape | MapShape | AnyShape | OpaqueShape;

export interface LeafShape {
  readonly kind: 'leaf';
  readonly type: FieldType;
  /** How the encoding writes it: `float64`, `string`, `sint64`… */
  readonly wire: string;
}

export interface StructShape {
  readonly kind: 'struct';
  readonly name: string;
  /** In the order of the wire where the wire has one. */
  readonly members: ReadonlyMap<string, Shape>;
  /** A time or duration: its two members are seconds and nanoseconds, itself reads as seconds. */
  readonly isTime: boolean;
}

export interface ListShape {
  readonly kind: 'list';
  readonly item: Shape;
  /** Present when every message has exactly so many. */
  readonly length: number | undefined;
}

/** Values by name, the names being in the message: a protobuf map. */
interface MapShape {
  readonly kind: 'map';
  readonly value: Shape;
}

/** Nothing is known before the message is read: JSON without a schema. */
export interface AnyShape {
  readonly kind: 'any';
}

/** A value whose bytes no reader can tell apart from what follows. */
interface OpaqueShape {
  readonly kind: 'opaque';
  /** What it is, for messages, and what can be read instead. */
  readonly why: string;
  readonly remedy: string;
}

export const anyShape: AnyShape = { kind: 'any' };

export function leaf(type: FieldType, wire: string): LeafShape {
  return { kind: 'leaf', type, wire };
}

/** For messages: `a list of 36`, `nav_msgs/msg/Odometry`, `text`. */
export function shapeText(shape: Shape): string {
  switch (shape.kind) {
    case 'leaf':
      return shape.wire;
    case 'struct':
      return `a ${shape.name}`;
    case 'list':
      return shape.length === undefined ? 'a list' : `a list of ${shape.length}`;
    case 'map':
      return 'a map';
    case 'any':
      return 'any value';
    case 'opaque':
      return shape.why;
  }
}
