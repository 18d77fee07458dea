import type { SignalSpec } from '../types.ts';

/** A random ROS definition as data: message k refers only to messages behind it. */
export type RosModel = readonly (readonly RosField[])[];

interface RosField {
  readonly type: string | number;
  readonly list: 'one' | 'open' | number;
}

/** The root has names of its own: the public parser drops messages that equal it. */
const fieldName = (k: number, f: number): string => `${k === 0 ? 'f' : 'g'}${f}`;

const isText = (type: string | number): boolean => type === 'string';

/** Definition text; message 0 is the root. Constants stand between fields to be ignored. */
export function modelText(model: RosModel): string {
  const parts = model.map((fields, k) => {
    const lines = fields.map(({ type, list }, f) => {
      const name = typeof type === 'number' ? `pkg/T${type}` : type;
      const suffix = list === 'one' ? '' : list === 'open' ? '[]' : `[${list}]`;
      return `${name}${suffix} ${fieldName(k, f)}`;
    });
    if (k % 2 === 1) lines.splice(1, 0, 'int32 LIMIT=7 # a constant');
    return `${k === 0 ? '' : `MSG: pkg/T${k}\n`}${lines.join('\n')}\n`;
  });
  return parts.join(`${'='.repeat(80)}\n`);
}

/** A value of one field, from draws of a random source. */
export interface Draw {
  integer(below: number): number;
}

const specials = [0, -0, 1, -1, 0.5, 1e300, -1e-300, Number.NaN, Infinity, -Infinity, 3.25];
const words = ['', 'a', 'AUTO', 'base_link', 'x'.repeat(70), 'map frame'];
const wides = [0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, 42n];

export function drawMessage(model: RosModel, k: number, draw: Draw): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const [f, field] of (model[k] ?? []).entries()) {
    const one = (): unknown =>
      typeof field.type === 'number'
        ? drawMessage(model, field.type, draw)
        : drawScalar(field.type, draw);
    const length = field.list === 'open' ? draw.integer(4) : field.list;
    message[fieldName(k, f)] = length === 'one' ? one() : Array.from({ length }, one);
  }
  return message;
}

function drawScalar(type: string, draw: Draw): unknown {
  const some = <T>(values: readonly T[]): T => values[draw.integer(values.length)] as T;
  if (type === 'string') return some(words);
  if (type === 'bool') return draw.integer(2) === 1;
  if (type === 'time' || type === 'duration') {
    const nanos = draw.integer(1_000_000_000);
    return { sec: draw.integer(2 ** 31), nsec: nanos, nanosec: nanos };
  }
  if (type === 'float64') return some(specials);
  if (type === 'float32') return Math.fround(some(specials));
  if (type === 'int64') return some(wides);
  if (type === 'uint64') return BigInt.asUintN(64, some(wides));
  const bits = Number(/\d+/.exec(type)?.[0] ?? 8);
  const value = draw.integer(2 ** bits);
  return type.startsWith('u') ? value : value - 2 ** (bits - 1);
}

/** A random path through the model, with a fold where it names a list. */
export function drawSpec(model: RosModel, draw: Draw, nanosName: string): SignalSpec {
  let path = '';
  let k: number | undefined = 0;
  let type: string | number = 0;
  let isFolded = false;
  for (;;) {
    const fields: readonly RosField[] = k === undefined ? [] : (model[k] ?? []);
    const f = draw.integer(Math.max(1, fields.length));
    const field = fields[f];
    if (field === undefined)
      return draw.integer(2) === 0 ? { path: '$bytes' } : { path: '$present' };
    path += `${path === '' ? '' : '.'}${fieldName(k ?? 0, f)}`;
    type = field.type;
    if (field.list !== 'one') {
      const choice = draw.integer(4);
      if (choice === 0 || field.list === 0) {
        return reduceMaybe(`${path}.$count`, 'uint32', isFolded, draw);
      }
      if (choice === 1) path += `[${draw.integer(field.list === 'open' ? 4 : field.list)}]`;
      else {
        path += '[]';
        isFolded = true;
      }
    }
    if (!isFolded && draw.integer(9) === 0) return { path: `${path}.$present` };
    if (typeof type === 'string') break;
    if ((model[type] ?? []).length === 0) return { path: '$bytes' };
    k = type;
  }
  const isTime = type === 'time' || type === 'duration';
  if (isTime && draw.integer(3) > 0) path += draw.integer(2) === 0 ? '.sec' : `.${nanosName}`;
  return reduceMaybe(path, type, isFolded, draw);
}

function reduceMaybe(path: string, type: string, isFolded: boolean, draw: Draw): SignalSpec {
  if (!isFolded) return { path };
  const fns = isText(type)
    ? (['count', 'first', 'last'] as const)
    : (['min', 'max', 'mean', 'sum', 'count', 'first', 'last'] as const);
  const fn = fns[draw.integer(fns.length)] ?? 'count';
  const isBounded = !isText(type) && draw.integer(3) === 0;
  return { path, reduce: isBounded ? { fn, valid: [-5, 300] } : { fn } };
}

const sizes: Readonly<Record<string, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
};

/** Writes CDR in either byte order and alignment, for the forms that public writers do not make. */
export function writeCdr(
  model: RosModel,
  message: Record<string, unknown>,
  form: { readonly kind: number; readonly widest: 4 | 8 },
): Uint8Array {
  const bytes: number[] = [0, form.kind, 0, 0];
  const little = (form.kind & 1) === 1;
  const scratch = new DataView(new ArrayBuffer(8));
  const align = (size: number): void => {
    while ((bytes.length - 4) % Math.min(size, form.widest) !== 0) bytes.push(0);
  };
  const raw = (size: number): void => {
    align(size);
    for (let k = 0; k < size; k += 1) bytes.push(scratch.getUint8(k));
  };
  const u32 = (value: number): void => {
    scratch.setUint32(0, value, little);
    raw(4);
  };
  const scalar = (type: string, value: unknown): void => {
    if (type === 'string') {
      const text = new TextEncoder().encode(String(value));
      u32(text.length + 1);
      bytes.push(...text, 0);
    } else if (type === 'time' || type === 'duration') {
      const time = value as { sec: number; nanosec: number };
      u32(time.sec);
      u32(time.nanosec);
    } else {
      setScalar(scratch, type, value, little);
      raw(sizes[type] ?? 1);
    }
  };
  const struct = (k: number, value: Record<string, unknown>): void => {
    const fields = model[k] ?? [];
    if (fields.length === 0) bytes.push(0);
    for (const [f, { type, list }] of fields.entries()) {
      const inside = value[fieldName(k, f)];
      const items = list === 'one' ? [inside] : (inside as unknown[]);
      if (list === 'open') u32(items.length);
      for (const item of items) {
        if (typeof type === 'number') struct(type, item as Record<string, unknown>);
        else scalar(type, item);
      }
    }
  };
  struct(0, message);
  return Uint8Array.from(bytes);
}

function setScalar(view: DataView, type: string, value: unknown, little: boolean): void {
  if (type === 'float64') view.setFloat64(0, Number(value), little);
  else if (type === 'float32') view.setFloat32(0, Number(value), little);
  else if (type.endsWith('64')) view.setBigUint64(0, BigInt.asUintN(64, value as bigint), little);
  else if (type.endsWith('32')) view.setUint32(0, Number(value) >>> 0, little);
  else if (type.endsWith('16')) view.setUint16(0, Number(value) & 0xffff, little);
  else view.setUint8(0, Number(value) & 0xff);
}
