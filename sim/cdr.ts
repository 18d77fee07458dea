/**
 * Little-endian XCDR1 (OMG DDS-XTypes 1.3, 7.4.1; the encoding that ROS 2 writes): every value
 * stands at a multiple of its size counted from behind the 4-byte encapsulation header; a string
 * is its length with the final NUL, then the bytes; a sequence is its length, then the items.
 */
export class CdrWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 4;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(Math.max(8, capacity));
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes[1] = 1;
  }

  u8(value: number): this {
    const at = this.#room(1, 1);
    this.#view.setUint8(at, value);
    return this;
  }

  i32(value: number): this {
    const at = this.#room(4, 4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4, 4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  f32(value: number): this {
    const at = this.#room(4, 4);
    this.#view.setFloat32(at, value, true);
    return this;
  }

  f64(value: number): this {
    const at = this.#room(8, 8);
    this.#view.setFloat64(at, value, true);
    return this;
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.u32(bytes.length + 1);
    const at = this.#room(1, bytes.length + 1);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** A fixed array of doubles: no length before it. */
  f64s(values: ArrayLike<number>): this {
    for (let i = 0; i < values.length; i += 1) this.f64(values[i] ?? 0);
    return this;
  }

  f32Sequence(values: ArrayLike<number>): this {
    this.u32(values.length);
    for (let i = 0; i < values.length; i += 1) this.f32(values[i] ?? 0);
    return this;
  }

  byteSequence(bytes: Uint8Array): this {
    this.u32(bytes.length);
    const at = this.#room(1, bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** What was written, with its encapsulation header. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Aligns, reserves `size` bytes and gives where they begin. */
  #room(alignment: number, size: number): number {
    const offset = this.#length - 4;
    const at = 4 + Math.ceil(offset / alignment) * alignment;
    this.#length = at + size;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
