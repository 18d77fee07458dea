import type { RosModel } from './ros-model.ts';

/** How messages with headers between their fields are written; OMG DDS-XTypes 1.3, 7.4.3. */
export interface HeaderedForm {
  readonly kind: number;
  readonly isMutable: boolean;
  readonly version: 1 | 2;
}

export const headeredForms: readonly HeaderedForm[] = [
  { kind: 0x02, isMutable: true, version: 1 },
  { kind: 0x03, isMutable: true, version: 1 },
  { kind: 0x08, isMutable: false, version: 2 },
  { kind: 0x09, isMutable: false, version: 2 },
  { kind: 0x0a, isMutable: true, version: 2 },
  { kind: 0x0b, isMutable: true, version: 2 },
  { kind: 0x13, isMutable: true, version: 2 },
  { kind: 0x15, isMutable: false, version: 2 },
];

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

/**
 * Writes a message of the model. Each value is a piece of bytes that is made for the place where
 * it will stand; `extra` adds a member that the schema does not know to every mutable message.
 */
export function writeHeadered(
  model: RosModel,
  message: Record<string, unknown>,
  form: HeaderedForm,
  extra: boolean,
): Uint8Array {
  const little = (form.kind & 1) === 1;
  const widest = form.version === 2 ? 4 : 8;
  const scratch = new DataView(new ArrayBuffer(8));

  const number = (into: number[], size: number, set: () => void): void => {
    while (into.length % Math.min(size, widest) !== 0) into.push(0);
    set();
    for (let k = 0; k < size; k += 1) into.push(scratch.getUint8(k));
  };
  const u16 = (into: number[], value: number): void =>
    number(into, 2, () => scratch.setUint16(0, value, little));
  const u32 = (into: number[], value: number): void =>
    number(into, 4, () => scratch.setUint32(0, value, little));

  const scalar = (into: number[], type: string, value: unknown): void => {
    if (type === 'string') {
      const text = new TextEncoder().encode(String(value));
      u32(into, text.length + 1);
      into.push(...text, 0);
      return;
    }
    number(into, sizes[type] ?? 1, () => {
      if (type === 'float64') scratch.setFloat64(0, Number(value), little);
      else if (type === 'float32') scratch.setFloat32(0, Number(value), little);
      else if (type.endsWith('64')) {
        scratch.setBigUint64(0, BigInt.asUintN(64, value as bigint), little);
      } else if (type.endsWith('32')) scratch.setUint32(0, Number(value) >>> 0, little);
      else if (type.endsWith('16')) scratch.setUint16(0, Number(value) & 0xffff, little);
      else scratch.setUint8(0, Number(value) & 0xff);
    });
  };

  /** A part whose size stands in four bytes before it. */
  const sized = (into: number[], write: () => void): void => {
    u32(into, 0);
    const from = into.length;
    write();
    const part: number[] = [];
    u32(part, into.length - from);
    into.splice(from - 4, 4, ...part);
  };

  type Writer = (into: number[]) => void;
  const members = (into: number[], writers: readonly Writer[]): void => {
    const all = extra && form.isMutable ? [...writers, (b: number[]) => u32(b, 0xdead)] : writers;
    if (form.version === 1) {
      for (const [id, write] of all.entries()) {
        const value: number[] = [];
        write(value);
        while (value.length % 4 !== 0) value.push(0);
        while (into.length % 4 !== 0) into.push(0);
        // Every third header is a long one.
        if (id % 3 === 2) {
          u16(into, 0x3f01);
          u16(into, 8);
          u32(into, id);
          u32(into, value.length);
        } else {
          u16(into, id);
          u16(into, value.length);
        }
        into.push(...value);
      }
      while (into.length % 4 !== 0) into.push(0);
      u16(into, 0x3f02);
      u16(into, 0);
      return;
    }
    sized(into, () => {
      for (const [id, write] of all.entries()) {
        if (!form.isMutable) write(into);
        else {
          u32(into, (4 << 28) | id);
          sized(into, () => write(into));
        }
      }
    });
  };

  const struct = (into: number[], k: number, value: Record<string, unknown>): void => {
    const writers = (model[k] ?? []).map(({ type, list }, f): Writer => {
      const inside = value[`${k === 0 ? 'f' : 'g'}${f}`];
      return (to) => {
        if (list === 'one') one(to, type, inside);
        else items(to, { type, isOpen: list === 'open', values: inside as unknown[] });
      };
    });
    members(into, writers.length === 0 && !form.isMutable ? [(to) => to.push(0)] : writers);
  };

  const one = (into: number[], type: string | number, value: unknown): void => {
    if (typeof type === 'number') struct(into, type, value as Record<string, unknown>);
    else if (type === 'time' || type === 'duration') {
      const { sec, nanosec } = value as { sec: number; nanosec: number };
      members(into, [(to) => u32(to, sec), (to) => u32(to, nanosec)]);
    } else scalar(into, type, value);
  };

  const items = (
    into: number[],
    list: { type: string | number; isOpen: boolean; values: readonly unknown[] },
  ): void => {
    const { type, isOpen, values } = list;
    const write = (): void => {
      if (isOpen) u32(into, values.length);
      for (const value of values) one(into, type, value);
    };
    const isPlain = typeof type === 'string' && sizes[type] !== undefined;
    if (form.version === 2 && !isPlain) sized(into, write);
    else write();
  };

  const body: number[] = [];
  struct(body, 0, message);
  return Uint8Array.from([0, form.kind, 0, 0, ...body]);
}
