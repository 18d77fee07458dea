import { isProtoStruct, type ProtoField, type ProtoStruct } from './protobuf-shape.ts';
import { type WireScalar, wireScalars } from './protobuf-wire.ts';
import type { Reading } from './resolve.ts';
import type { Shape } from './shape.ts';
import { mergeWants, type Want } from './want.ts';

/** What is read of one kind of value, and what was seen of it in the message at hand. */
export interface ValuePlan {
  readonly want: Want;
  readonly scalar: WireScalar | undefined;
  readonly inner: MessagePlan | undefined;
}

export interface FieldPlan extends ValuePlan {
  readonly id: number;
  readonly kind: 'scalar' | 'text' | 'bytes' | 'message';
  readonly isList: boolean;
  readonly hasPresence: boolean;
  /** Plans of a list's items: what every one gives, and what single ones give besides. */
  readonly every: ValuePlan | undefined;
  readonly singles: ReadonlyMap<number, ValuePlan>;
  /** How often the field came: the length of a list. */
  seen: number;
  /** The last value, which is the one that counts. */
  readonly value: Float64Array;
  start: number;
  end: number;
}

export interface MessagePlan {
  readonly fields: readonly FieldPlan[];
  readonly byId: ReadonlyMap<number, FieldPlan>;
  /** A time that is wanted as seconds; its parts are fields of the plan. */
  readonly seconds: readonly [FieldPlan, FieldPlan] | undefined;
  readonly want: Want;
}

/** Whether every field on the way is one that this room reads from the wire itself. */
export function isPlainReading(root: ProtoStruct, reading: Reading): boolean {
  let struct: ProtoStruct | undefined = root;
  for (const step of reading.steps) {
    if (step.kind !== 'field') continue;
    const field: ProtoField | undefined = struct?.fields.get(step.name);
    if (field === undefined || !field.isPlain) return false;
    const value = itemShape(field);
    struct = isProtoStruct(value) ? value : undefined;
  }
  return true;
}

function itemShape(field: ProtoField): Shape {
  return field.isList && field.shape.kind === 'list' ? field.shape.item : field.shape;
}

const nothing: Want = {
  values: [],
  counts: [],
  present: [],
  members: new Map(),
  items: new Map(),
  each: undefined,
};

export function planMessage(struct: ProtoStruct, want: Want): MessagePlan {
  const byId = new Map<number, FieldPlan>();
  const byName = new Map<string, FieldPlan>();
  const names = new Set(want.members.keys());
  const isSeconds = struct.isTime && want.values.length > 0;
  if (isSeconds) for (const name of struct.fields.keys()) names.add(name);
  for (const name of names) {
    const field = struct.fields.get(name);
    if (field === undefined) continue;
    const plan = planField(field, want.members.get(name) ?? nothing);
    byId.set(field.id, plan);
    byName.set(name, plan);
  }
  const [whole, nanos] = ['seconds', 'nanos'].map((name) => byName.get(name));
  const isComplete = isSeconds && whole !== undefined && nanos !== undefined;
  return {
    fields: [...byId.values()],
    byId,
    seconds: isComplete ? [whole, nanos] : undefined,
    want,
  };
}

function planField(field: ProtoField, want: Want): FieldPlan {
  const { id, wire, isList, hasPresence } = field;
  const kind =
    wire === 'message' || wire === 'bytes' ? wire : wire === 'string' ? 'text' : 'scalar';
  const singles = new Map<number, ValuePlan>();
  if (isList) {
    for (const [index, item] of want.items) {
      singles.set(index, planValue(field, mergeWants(want.each, item) ?? item));
    }
  }
  return {
    ...(isList ? planScalar(field, want) : planValue(field, want)),
    id,
    kind,
    isList,
    hasPresence,
    every: isList && want.each !== undefined ? planValue(field, want.each) : undefined,
    singles,
    seen: 0,
    value: new Float64Array(1),
    start: 0,
    end: 0,
  };
}

function planScalar(field: ProtoField, want: Want): ValuePlan {
  return { want, scalar: wireScalars.get(field.wire), inner: undefined };
}

function planValue(field: ProtoField, want: Want): ValuePlan {
  const value = itemShape(field);
  const inner = isProtoStruct(value) ? planMessage(value, want) : undefined;
  return { ...planScalar(field, want), inner };
}
