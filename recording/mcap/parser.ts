/** MCAP as items: pushed bytes for live sources and growing files, or a whole file. */
import { asFault, type Fault } from '@fieldloop/core';
import { unmetered } from '../meter.ts';
import type { ReadOptions } from '../options.ts';
import type { Readable, RecordingItem, Schema } from '../types.ts';
import type { Defined } from './channels.ts';
import { Framer } from './framer.ts';
import { ItemSink } from './items.ts';
import { windows } from './windows.ts';

/**
 * Takes bytes as they come; the parser owns what is pushed, so do not write into it again. It
 * holds one record that is not whole, and a call returns all that its bytes hold.
 */
export interface McapParser {
  /**
   * The items that became whole. Items before damage are still returned; the Fault is thrown by
   * the next call, and stands in `damage` at once.
   */
  push(bytes: Uint8Array): RecordingItem[];
  /** Fault `corrupt` when the stream is damaged or torn. */
  end(): RecordingItem[];
  readonly damage: Fault | undefined;
  /** Where in the file the first record begins that is not whole yet. */
  readonly offset: number;
  /** Schemas before it that no channel names yet. */
  readonly spare: readonly Schema[];
  /** The recording has come to its proper end. */
  readonly isDone: boolean;
}

/** Where in a file reading begins, and what was defined before: of an earlier reading of it. */
export interface McapPlace extends Defined {
  readonly offset: number;
}

interface Machine {
  items(bytes: Uint8Array): Generator<RecordingItem, void>;
  end(): void;
  readonly framer: Framer;
  readonly sink: ItemSink;
}

interface Whole {
  readonly name: string;
  readonly size?: number | undefined;
  readonly from?: McapPlace | undefined;
}

function openMachine({ name, size, from }: Whole, options: ReadOptions): Machine {
  const meter = options.meter ?? unmetered;
  const skipped = options.salvage === true ? (options.skipped ?? (() => {})) : undefined;
  const reuse = options.reuse ?? false;
  const sink = new ItemSink({ name, reuse, meter, skipped, known: from });
  // What was passed over is missing from the sums over whole sections.
  const verify = options.verify ?? options.salvage !== true;
  const framer = new Framer(
    { name, size, verify, attachmentBytes: 0, reuse, meter, from: from?.offset },
    sink,
  );
  return {
    framer,
    sink,
    *items(bytes) {
      framer.feed(bytes);
      for (;;) {
        let damage: Fault | undefined;
        let more = false;
        try {
          more = framer.run();
        } catch (error) {
          damage = asFault(error);
        }
        yield* sink.drain();
        sink.release();
        if (damage !== undefined) throw damage;
        if (!more) return;
      }
    },
    end: () => framer.end(),
  };
}

/** `from`: the bytes that come are those of the file from there on. */
export function openMcapParser(name: string, from?: McapPlace): McapParser {
  const machine = openMachine({ name, from }, {});
  let damage: Fault | undefined;
  return {
    get damage() {
      return damage;
    },
    get offset() {
      return machine.framer.offset;
    },
    get spare() {
      return machine.sink.spare;
    },
    get isDone() {
      return machine.framer.isDone;
    },
    push(bytes) {
      if (damage !== undefined) throw damage;
      const items: RecordingItem[] = [];
      try {
        for (const item of machine.items(bytes)) items.push(item);
      } catch (error) {
        damage = asFault(error);
      }
      return items;
    },
    end() {
      if (damage !== undefined) throw damage;
      machine.end();
      return [];
    },
  };
}

/** The items of an MCAP file, with one read ahead of the one at work. */
export async function* readMcap(
  readable: Readable,
  options: ReadOptions = {},
): AsyncGenerator<RecordingItem, void> {
  const machine = openMachine({ name: readable.name, size: readable.size }, options);
  for await (const bytes of windows(readable, options)) {
    yield* machine.items(bytes);
  }
  machine.end();
}
