import { Fault } from '@fieldloop/core';
import * as limits from '../limits.ts';
import type { ChannelName } from './resolve.ts';
import {
  columnsOf,
  constantLoad,
  type IsFolded,
  isFlat,
  loadsOf,
  scalarLoad,
} from './ros-column.ts';
import type { Load } from './ros-scalar.ts';
import { type Even, openSizes, type RosEncoding, scalarOf, type Sizes } from './ros-size.ts';
import {
  evenListStep,
  gatherColumn,
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

/**
 * Compiles the reading of what is wanted into steps, in the order of the bytes, ending with the
 * last wanted field. Scalars between two fields of variable length become one step with offsets
 * that are known now. With `want` undefined the steps pass over the whole message.
 */
export function compileSteps(
  shape: Shape,
  want: Want | undefined,
  options: ProgramOptions,
): readonly Step[] {
  const compile = {
    ...options,
    sizes: openSizes(options.encoding),
    budget: { left: limits.schemaParts },
  };
  const writer = new ProgramWriter(compile, 8);
  writer.add(shape, want, want === undefined);
  return writer.finish();
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
  readonly #steps: Step[] = [];
  #align = 1;
  #length = 0;
  #loads: Load[] = [];
  /** The position is `#residue` modulo `#modulus`, a power of two. */
  #modulus: number;
  #residue = 0;

  constructor(compile: Compile, modulus: number) {
    this.#compile = compile;
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
    for (const slot of want?.present ?? []) this.#loads.push(constantLoad(slot, 1));
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
      this.#dynamic((lead) => textStep(lead, nul, want?.values ?? []), 1);
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
    const even = isFlat(want?.each) ? sizes.even(shape.item) : undefined;
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
      this.#dynamic((lead) => skipTextsStep(head(lead), mask), 1);
    } else {
      this.#addUneven({ shape, want, head }, more);
    }
  }

  /** A fixed number of even items has a fixed size: its scalars are loads like any other. */
  #addFixedEven(shape: ListShape, even: Even, want: Want | undefined): void {
    const count = shape.length ?? 0;
    for (const slot of want?.counts ?? []) this.#loads.push(constantLoad(slot, count));
    if (count === 0) return;
    this.#alignTo(even.align);
    const base = this.#length;
    for (const column of columnsOf(shape.item, want?.each, base, this.#compile)) {
      this.#loads.push((walk, p) => gatherColumn(walk, p, column, count));
    }
    for (const [index, item] of want?.items ?? []) {
      const delta = base + index * even.stride;
      this.#loads.push(...loadsOf(shape.item, item, delta, this.#compile));
    }
    this.#forward(count * even.stride);
  }

  #addEven(part: ListPart, even: Even): void {
    const { shape, want, head } = part;
    const items = {
      stride: even.stride,
      align: even.align,
      columns: columnsOf(shape.item, want?.each, 0, this.#compile),
      singles: [...(want?.items ?? [])].map(([index, item]) => ({
        index,
        loads: loadsOf(shape.item, item, 0, this.#compile),
      })),
    };
    // An empty list is aligned to its count only, not to the items that are not there.
    const isCertain = even.align > 0 && even.stride > 0;
    this.#dynamic(
      (lead) => evenListStep(head(lead), items),
      isCertain ? Math.min(4, even.align) : 1,
    );
  }

  #addUneven(part: ListPart, more: boolean): void {
    const { shape, want, head } = part;
    const itemSteps = (item: Want | undefined): readonly Step[] => {
      const writer = new ProgramWriter(this.#compile, 1);
      writer.add(shape.item, item, true);
      return writer.finish();
    };
    const singles = new Map<number, readonly Step[]>();
    for (const [index, item] of want?.items ?? []) {
      singles.set(index, itemSteps(mergeWants(want?.each, item)));
    }
    const isAll = more || want?.each !== undefined;
    const items = {
      leastBytes: this.#compile.sizes.least(shape.item),
      every: itemSteps(want?.each),
      singles,
      until: isAll ? Number.MAX_SAFE_INTEGER : Math.max(-1, ...singles.keys()) + 1,
    };
    this.#dynamic((lead) => unevenListStep(head(lead), items), 1);
  }

  /** The value of a number, a truth or a time that begins here. */
  #loadHere(shape: LeafShape | StructShape, want: Want | undefined): void {
    const scalar = scalarOf(shape);
    if (scalar === undefined) return;
    for (const slot of want?.values ?? []) {
      this.#loads.push(scalarLoad(scalar, slot, this.#length, this.#compile));
    }
  }

  /** Ends the known bytes with a step whose length is known only when it runs. */
  #dynamic(step: (lead: Span) => Step, modulusAfter: number): void {
    if (this.#loads.length > 0) {
      this.#flush();
      this.#begin(1, 1);
    }
    this.#steps.push(step({ align: this.#align, length: this.#length }));
    this.#begin(1, modulusAfter);
  }

  #flush(): void {
    if (this.#loads.length === 0 && this.#length === 0) return;
    this.#steps.push(loadStep({ align: this.#align, length: this.#length }, this.#loads));
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
