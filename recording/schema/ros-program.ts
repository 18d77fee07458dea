import { Fault } from '@fieldloop/core';
import * as limits from '../limits.ts';
import type { ChannelName } from './resolve.ts';
import {
  addFlatLoads,
  columnsOf,
  hasFlatItems,
  type IsFolded,
  loadOf,
  loadsOf,
  type PlannedLoad,
} from './ros-column.ts';
import { FlatWriter } from './ros-flat.ts';
import type { Load } from './ros-scalar.ts';
import { type Even, openSizes, type RosEncoding, scalarOf, type Sizes } from './ros-size.ts';
import {
  evenListStep,
  type ListHead,
  loadStep,
  type Span,
  type Step,
  skipTextsStep,
  textStep,
  unevenListStep,
} from './ros-step.ts';
import type { LeafShape, ListShape, Shape, StructShape } from './shape.ts';
import { mergeWants, type Want } from './want.ts';

export interface ProgramOptions {
  readonly encoding: RosEncoding;
  readonly isFolded: IsFolded;
  /** For messages. */
  readonly channel: ChannelName;
  /** Most items of the one list whose items go into columns, where there is such a list. */
  readonly most: number | undefined;
}

export interface Program {
  readonly steps: readonly Step[];
  /** The same for little endian in the short way, where it can be had. */
  readonly flat: Int32Array | undefined;
}

/**
 * Compiles the reading of what is wanted into steps, in the order of the bytes, ending with the
 * last wanted field. Scalars between two fields of variable length become one step with offsets
 * that are known now. With `want` undefined the steps pass over the whole message.
 */
export function compileSteps(
  shape: Shape,
  want: Want | undefined,
  options: ProgramOptions,
): Program {
  const compile = {
    ...options,
    sizes: openSizes(options.encoding),
    budget: { left: limits.schemaParts },
  };
  const flat = new FlatWriter();
  const writer = new ProgramWriter(compile, 8, flat);
  writer.add(shape, want, want === undefined);
  return { steps: writer.finish(), flat: flat.finish() };
}

interface Compile extends ProgramOptions {
  readonly sizes: Sizes;
  /** Fields that may still be visited: shared messages can multiply without end. */
  readonly budget: { left: number };
}

/** A list while its step is written: the head knows what stands before the items. */
interface ListPart {
  readonly shape: ListShape;
  readonly want: Want | undefined;
  readonly head: (lead: Span) => ListHead;
}

/**
 * Writes the steps of one message, or of one item of a list. It knows the position as a number of
 * bytes behind the last step, and its alignment as far as that is certain.
 */
class ProgramWriter {
  readonly #compile: Compile;
  readonly #flat: FlatWriter;
  readonly #steps: Step[] = [];
  #align = 1;
  #length = 0;
  #loads: PlannedLoad[] = [];
  /** The position is `#residue` modulo `#modulus`, a power of two. */
  #modulus: number;
  #residue = 0;

  constructor(compile: Compile, modulus: number, flat: FlatWriter) {
    this.#compile = compile;
    this.#flat = flat;
    this.#modulus = modulus;
  }

  finish(): readonly Step[] {
    this.#flush();
    return this.#steps;
  }

  /** Reads what is wanted of a value; to its very end when `more` follows. */
  add(shape: Shape, want: Want | undefined, more: boolean): void {
    this.#compile.budget.left -= 1;
    if (this.#compile.budget.left < 0) throw tooManyFields(this.#compile.channel);
    for (const slot of want?.present ?? []) {
      this.#loads.push({ what: 'present', slot, value: 1 });
    }
    if (shape.kind === 'leaf') this.#addLeaf(shape, want);
    else if (shape.kind === 'struct') this.#addStruct(shape, want, more);
    else if (shape.kind === 'list') this.#addList(shape, want, more);
    else throw unreadable(this.#compile.channel, shape);
  }

  #addLeaf(shape: LeafShape, want: Want | undefined): void {
    const scalar = scalarOf(shape);
    if (scalar === undefined) {
      this.#alignTo(4);
      const nul = this.#compile.encoding.name === 'cdr' ? 1 : 0;
      const slots = want?.values ?? [];
      if (slots.length > 0) this.#flat.giveUp();
      this.#dynamic(
        (lead) => textStep(lead, nul, slots),
        1,
        (flat) => flat.text(),
      );
      return;
    }
    this.#alignTo(scalar.align);
    this.#loadHere(shape, want);
    this.#forward(scalar.size);
  }

  #addStruct(shape: StructShape, want: Want | undefined, more: boolean): void {
    const members = [...shape.members];
    if (members.length === 0 && this.#compile.encoding.name === 'cdr') this.#forward(1);
    const isValue = shape.isTime && (want?.values.length ?? 0) > 0;
    if (isValue) {
      this.#alignTo(4);
      this.#loadHere(shape, want);
    }
    const isAll = more || isValue;
    const last = isAll
      ? members.length - 1
      : members.findLastIndex(([name]) => want?.members.has(name) === true);
    for (const [position, [name, member]] of members.entries()) {
      if (position > last) break;
      this.add(member, want?.members.get(name), isAll || position < last);
    }
  }

  #addList(shape: ListShape, want: Want | undefined, more: boolean): void {
    const { encoding, sizes, most } = this.#compile;
    const even = hasFlatItems(want) ? sizes.even(shape.item) : undefined;
    if (shape.length !== undefined && even !== undefined) {
      this.#addFixedEven(shape, even, want);
      return;
    }
    if (shape.length === undefined) this.#alignTo(4);
    const counts = want?.counts ?? [];
    const head = (lead: Span): ListHead => ({
      lead,
      length: shape.length,
      counts,
      most: want?.each === undefined ? undefined : most,
    });
    const isUnread = want?.each === undefined && (want?.items.size ?? 0) === 0;
    if (even !== undefined) {
      this.#addEven({ shape, want, head }, even);
    } else if (isUnread && shape.item.kind === 'leaf') {
      const mask = encoding.name === 'cdr' ? 3 : 0;
      if (counts.length > 0) this.#flat.giveUp();
      this.#dynamic(
        (lead) => skipTextsStep(head(lead), mask),
        1,
        (flat) => flat.texts(mask, shape.length),
      );
    } else {
      this.#addUneven({ shape, want, head }, more);
    }
  }

  /** A fixed number of even items has a fixed size: its scalars are loads like any other. */
  #addFixedEven(shape: ListShape, even: Even, want: Want | undefined): void {
    const count = shape.length ?? 0;
    for (const slot of want?.counts ?? []) {
      this.#loads.push({ what: 'count', slot, value: count });
    }
    if (count === 0) return;
    this.#alignTo(even.align);
    const base = this.#length;
    for (const column of columnsOf(shape.item, want?.each, base, this.#compile)) {
      this.#loads.push({ what: 'column', column, count });
    }
    for (const [index, item] of want?.items ?? []) {
      const delta = base + index * even.stride;
      this.#loads.push(...loadsOf(shape.item, item, delta, this.#compile));
    }
    this.#forward(count * even.stride);
  }

  #addEven(part: ListPart, even: Even): void {
    const { shape, want, head } = part;
    const columns = columnsOf(shape.item, want?.each, 0, this.#compile);
    const singles = [...(want?.items ?? [])].map(([index, item]) => ({
      index,
      loads: loadsOf(shape.item, item, 0, this.#compile),
    }));
    const items = {
      stride: even.stride,
      align: even.align,
      columns,
      singles: singles.map(({ index, loads }) => ({ index, loads: this.#closures(loads) })),
    };
    const addFlat = (flat: FlatWriter): void => {
      if (columns.length > 0 || singles.some(({ loads }) => !isScalars(loads))) flat.giveUp();
      flat.evenList(even.stride, even.align);
      flat.count(want?.counts ?? []);
      for (const { index, loads } of singles) {
        flat.item(index, loads.length);
        addFlatLoads(flat, loads);
      }
    };
    // An empty list is aligned to its count only, not to the items that are not there.
    const isCertain = even.align > 0 && even.stride > 0;
    this.#dynamic(
      (lead) => evenListStep(head(lead), items),
      isCertain ? Math.min(4, even.align) : 1,
      addFlat,
    );
  }

  #addUneven(part: ListPart, more: boolean): void {
    const { shape, want, head } = part;
    const itemSteps = (item: Want | undefined, flat = new FlatWriter()): readonly Step[] => {
      const writer = new ProgramWriter(this.#compile, 1, flat);
      writer.add(shape.item, item, true);
      return writer.finish();
    };
    const singles = new Map<number, readonly Step[]>();
    const wanted = want?.items ?? new Map<number, Want>();
    const isAll = more || want?.each !== undefined;
    const leastBytes = this.#compile.sizes.least(shape.item);
    const items = {
      leastBytes,
      every: itemSteps(want?.each),
      singles,
      until: isAll ? Number.MAX_SAFE_INTEGER : Math.max(-1, ...wanted.keys()) + 1,
    };
    // The short way goes into the first item where nothing behind it is read, and not further.
    const isShort = !isAll && shape.length === undefined && wanted.size === 1 && wanted.has(0);
    this.#dynamic(
      (lead) => unevenListStep(head(lead), items),
      1,
      (flat) => {
        if (!isShort) flat.giveUp();
        flat.firstItem(leastBytes, want?.counts ?? []);
        for (const [index, item] of wanted) {
          singles.set(index, itemSteps(mergeWants(want?.each, item), isShort ? flat : undefined));
        }
        flat.close();
      },
    );
  }

  #closures(loads: readonly PlannedLoad[]): Load[] {
    return loads.map((planned) => loadOf(planned, this.#compile.isFolded));
  }

  /** The value of a number, a truth or a time that begins here. */
  #loadHere(shape: LeafShape | StructShape, want: Want | undefined): void {
    const scalar = scalarOf(shape);
    if (scalar === undefined) return;
    for (const slot of want?.values ?? []) {
      this.#loads.push({ what: 'scalar', scalar, slot, delta: this.#length });
    }
  }

  /** Ends the known bytes with a step whose length is known only when it runs. */
  #dynamic(
    step: (lead: Span) => Step,
    modulusAfter: number,
    addFlat: (flat: FlatWriter) => void,
  ): void {
    if (this.#loads.length > 0) {
      this.#flush();
      this.#begin(1, 1);
    }
    const lead = { align: this.#align, length: this.#length };
    this.#flat.span(lead.align, lead.length);
    addFlat(this.#flat);
    this.#steps.push(step(lead));
    this.#begin(1, modulusAfter);
  }

  #flush(): void {
    if (this.#loads.length === 0 && this.#length === 0) return;
    const span = { align: this.#align, length: this.#length };
    this.#flat.span(span.align, span.length);
    addFlatLoads(this.#flat, this.#loads);
    this.#steps.push(loadStep(span, this.#closures(this.#loads)));
  }

  #begin(align: number, modulus: number): void {
    this.#align = align;
    this.#length = 0;
    this.#loads = [];
    this.#modulus = modulus;
    this.#residue = 0;
  }

  #alignTo(natural: number): void {
    const align = Math.min(natural, this.#compile.encoding.widestAlign);
    if (align <= 1) return;
    if (align <= this.#modulus) {
      this.#forward((align - (this.#residue % align)) % align);
      return;
    }
    this.#flush();
    this.#begin(align, align);
  }

  #forward(bytes: number): void {
    this.#length = Math.min(this.#length + bytes, limits.recordBytes + 1);
    this.#residue = (this.#residue + bytes) % this.#modulus;
  }
}

const isScalars = (loads: readonly PlannedLoad[]): boolean =>
  loads.every(({ what }) => what === 'scalar');

function tooManyFields(channel: ChannelName): Fault {
  return new Fault('invalid', `${channel}: the schema nests too many fields to be read`, {
    remedy: 'Name fields nearer to the beginning of the message, or record a flatter message.',
  });
}

function unreadable(channel: ChannelName, shape: Shape): Fault {
  const why = shape.kind === 'opaque' ? shape.why : shape.kind;
  return new Fault('invalid', `${channel}: what stands behind ${why} cannot be found`, {
    remedy: shape.kind === 'opaque' ? shape.remedy : undefined,
  });
}
