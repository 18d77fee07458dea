import type { SignalSpec } from '../types.ts';
import type { Draw } from './ros-model.ts';

/** Random protobuf messages as data: message k refers only to messages behind it. */
export type ProtoModel = readonly (readonly ProtoModelField[])[];

interface ProtoModelField {
  readonly type: string | number;
  readonly rule: 'one' | 'optional' | 'list' | 'unpacked' | 'map' | 'oneof';
  /** The schema of the reader does not know this field. */
  readonly isUnknown: boolean;
}

const name = (f: number): string => `f_${f}`;

/** proto3 text; fields that only the writer knows are left out for the reader. */
export function protoText(model: ProtoModel, forWhom: 'reader' | 'writer'): string {
  const messages = model.map((fields, k) => {
    const lines: string[] = [];
    const choice: string[] = [];
    for (const [f, field] of fields.entries()) {
      if (field.isUnknown && forWhom === 'reader') continue;
      const type = typeof field.type === 'number' ? `T${field.type}` : field.type;
      const id = f < 3 ? f + 1 : f * 40;
      const prefix = {
        one: '',
        optional: 'optional ',
        list: 'repeated ',
        unpacked: 'repeated ',
        map: '',
        oneof: '',
      }[field.rule];
      const shown = field.rule === 'map' ? `map<string, ${type}>` : type;
      const packs = field.rule === 'unpacked' && isPackable(field.type) ? ' [packed=false]' : '';
      const line = `${prefix}${shown} ${name(f)} = ${id}${packs};`;
      (field.rule === 'oneof' ? choice : lines).push(line);
    }
    const oneof = choice.length > 0 ? `oneof pick { ${choice.join(' ')} }` : '';
    return `message T${k} {\n${lines.join('\n')}\n${oneof}\n}`;
  });
  return `syntax = "proto3"; package pkg; enum E { A = 0; B = 1; C = 5; }\n${messages.join('\n')}`;
}

const isPackable = (type: string | number): boolean =>
  typeof type === 'string' && type !== 'string' && type !== 'bytes';

const wides = [0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 62n, 300n];
const doubles = [0, 1, -1.5, 1e300, Number.NaN, Infinity, -Infinity, 0.1];

/** What `Type.fromObject` takes. */
export function drawProto(model: ProtoModel, k: number, draw: Draw): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const [f, { type, rule }] of (model[k] ?? []).entries()) {
    const one = (): unknown =>
      typeof type === 'number' ? drawProto(model, type, draw) : drawScalar(type, draw);
    if (draw.integer(4) === 0) continue;
    if (rule === 'list' || rule === 'unpacked') {
      message[name(f)] = Array.from({ length: draw.integer(5) }, one);
    } else if (rule === 'map') {
      message[name(f)] = Object.fromEntries(
        Array.from({ length: draw.integer(3) }, (_, n) => [`k${n}`, one()]),
      );
    } else {
      if (rule === 'oneof') dropOthers(model[k] ?? [], message);
      message[name(f)] = one();
    }
  }
  return message;
}

function dropOthers(fields: readonly ProtoModelField[], message: Record<string, unknown>): void {
  for (const [f, field] of fields.entries()) {
    if (field.rule === 'oneof') Reflect.deleteProperty(message, name(f));
  }
}

function drawScalar(type: string, draw: Draw): unknown {
  const some = <T>(values: readonly T[]): T => values[draw.integer(values.length)] as T;
  if (type === 'string') return some(['', 'a', 'AUTO', 'Zürich', 'x'.repeat(200)]);
  if (type === 'bytes')
    return Uint8Array.from({ length: draw.integer(6) }, () => draw.integer(256));
  if (type === 'bool') return draw.integer(2) === 1;
  if (type === 'E') return some([0, 1, 5, 77]);
  if (type === 'double') return some(doubles);
  if (type === 'float') return Math.fround(some(doubles));
  const isSigned = /^(s|int)/.test(type);
  if (type.endsWith('64')) {
    const wide = some(wides);
    return (isSigned ? BigInt.asIntN(64, wide) : BigInt.asUintN(64, wide)).toString();
  }
  const value = some([0, 1, 127, 128, 300, 2 ** 31 - 1, draw.integer(2 ** 31)]);
  return isSigned && draw.integer(2) === 0 ? -value : value;
}

/** Fills in what absent fields without presence read as. */
export function withDefaults(model: ProtoModel, k: number, message: object): object {
  const filled: Record<string, unknown> = { ...message };
  for (const [f, { type, rule, isUnknown }] of (model[k] ?? []).entries()) {
    if (isUnknown) continue;
    const value = filled[name(f)];
    const fill = (inner: unknown): unknown =>
      typeof type === 'number' ? withDefaults(model, type, inner as object) : inner;
    if (rule === 'list' || rule === 'unpacked') {
      filled[name(f)] = ((value ?? []) as unknown[]).map((item) => fill(item));
    } else if (rule === 'map') {
      const entries = Object.entries(value ?? {});
      filled[name(f)] = Object.fromEntries(entries.map(([key, item]) => [key, fill(item)]));
    } else if (value !== undefined && value !== null) filled[name(f)] = fill(value);
    else if (rule === 'one' && typeof type === 'string') filled[name(f)] = defaultOf(type);
  }
  return filled;
}

function defaultOf(type: string): unknown {
  if (type === 'string') return '';
  if (type === 'bytes') return new Uint8Array(0);
  if (type === 'bool') return false;
  return type.endsWith('64') ? 0n : 0;
}

export function drawProtoSpec(model: ProtoModel, draw: Draw): SignalSpec {
  let path = '';
  let isFolded = false;
  let fields = model[0] ?? [];
  for (;;) {
    const known = [...fields.entries()].filter(([, field]) => !field.isUnknown);
    const chosen = known[draw.integer(Math.max(1, known.length))];
    if (chosen === undefined) return { path: draw.integer(2) === 0 ? '$bytes' : '$present' };
    const [f, { type, rule }] = chosen;
    path += `${path === '' ? '' : '.'}${name(f)}`;
    const isList = rule === 'list' || rule === 'unpacked';
    if (isList || rule === 'map') {
      if (draw.integer(4) === 0) return folded(`${path}.$count`, 'uint32', isFolded, draw);
      if (rule === 'map') path += `.k${draw.integer(3)}`;
      else if (draw.integer(2) === 0) path += `[${draw.integer(4)}]`;
      else {
        path += '[]';
        isFolded = true;
      }
    }
    if (!isFolded && draw.integer(8) === 0) return { path: `${path}.$present` };
    if (type === 'bytes') {
      if (draw.integer(3) === 0) return folded(`${path}.$count`, 'uint32', isFolded, draw);
      if (draw.integer(2) === 0) return folded(`${path}[${draw.integer(4)}]`, 'u8', isFolded, draw);
      return folded(`${path}[]`, 'uint32', true, draw);
    }
    if (typeof type === 'string') return folded(path, type, isFolded, draw);
    fields = model[type] ?? [];
  }
}

function folded(path: string, type: string, isFolded: boolean, draw: Draw): SignalSpec {
  if (!isFolded) return { path };
  const isText = type === 'string';
  const fns = isText
    ? (['count', 'first', 'last'] as const)
    : (['min', 'max', 'mean', 'sum', 'count', 'first', 'last'] as const);
  const fn = fns[draw.integer(fns.length)] ?? 'count';
  return !isText && draw.integer(3) === 0
    ? { path, reduce: { fn, valid: [-5, 300] } }
    : { path, reduce: { fn } };
}
