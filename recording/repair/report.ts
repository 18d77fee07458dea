/** What a repair kept, what it built anew and what is lost; together they are the whole file. */
import { placeOf } from '../damage.ts';
import { repairLosses } from '../limits.ts';
import type { RecordingFormat } from '../types.ts';

/** A stretch of the file that is not in the repaired recording. */
export interface Loss {
  readonly place: string;
  readonly offset: number;
  readonly bytes: number;
  readonly what: 'chunk' | 'record' | 'bytes' | 'row';
  readonly why: string;
  /** Messages that its indexes name; absent when nothing says how many. */
  readonly messages?: number | undefined;
  /** Log times that the head of a chunk states. */
  readonly startNs?: bigint | undefined;
  readonly endNs?: bigint | undefined;
}

export interface RepairReport {
  readonly name: string;
  readonly format: RecordingFormat;
  readonly sizeBytes: number;
  readonly kept: {
    readonly chunks: number;
    readonly messages: number;
    readonly metadata: number;
    readonly attachments: number;
  };
  /** In file order, as many as the bound allows; the counts cover all of them. */
  readonly losses: readonly Loss[];
  readonly lost: { readonly places: number; readonly chunks: number; readonly messages: number };
  /** Messages that the file's own statistics state, when they could be read. */
  readonly statedMessages?: number | undefined;
  /** Kept, built anew (indexes, summary) and lost: together the size of an MCAP or a bag. */
  readonly bytes: { readonly kept: number; readonly rebuilt: number; readonly lost: number };
  readonly startNs?: bigint | undefined;
  readonly endNs?: bigint | undefined;
  /** Whatever else a reader of the result should know. */
  readonly notes: readonly string[];
}

export class RepairLog {
  readonly kept = { chunks: 0, messages: 0, metadata: 0, attachments: 0 };
  readonly bytes = { kept: 0, rebuilt: 0, lost: 0 };
  readonly notes: string[] = [];
  statedMessages: number | undefined;
  readonly #name: string;
  readonly #losses: Loss[] = [];
  readonly #lost = { places: 0, chunks: 0, messages: 0 };
  #last: Loss | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  lose(loss: Omit<Loss, 'place'>): void {
    this.bytes.lost += loss.bytes;
    this.#lost.places += 1;
    if (loss.what === 'chunk') this.#lost.chunks += 1;
    if (loss.what === 'row') this.#lost.messages += 1;
    this.#last = { ...loss, place: placeOf(this.#name, loss.offset) };
    if (this.#losses.length < repairLosses) this.#losses.push(this.#last);
    else this.#last = undefined;
  }

  /** Messages that an index names in the chunk that was just lost. */
  alsoLost(messages: number): void {
    const last = this.#last;
    if (last?.what !== 'chunk') return;
    this.#lost.messages += messages;
    this.#last = { ...last, messages: (last.messages ?? 0) + messages };
    this.#losses[this.#losses.length - 1] = this.#last;
  }

  /** A chunk was kept: indexes that follow are not those of a lost one. */
  settle(): void {
    this.#last = undefined;
  }

  report(of: {
    readonly format: RecordingFormat;
    readonly sizeBytes: number;
    readonly startNs?: bigint | undefined;
    readonly endNs?: bigint | undefined;
  }): RepairReport {
    const { kept, bytes, notes, statedMessages } = this;
    const name = this.#name;
    return {
      name,
      ...of,
      kept,
      losses: this.#losses,
      lost: this.#lost,
      statedMessages,
      bytes,
      notes,
    };
  }
}
