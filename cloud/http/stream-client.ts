/** One client of the stream: what it is sent, how much may wait for it, and its end. */
import { Fault } from '@fieldloop/core';
import { maxStreamBytes, streamReplayBytes, streamStalledBeats } from '../limits.ts';
import type { OutboxItem } from '../store/tail.ts';

/**
 * Rows come live, and older ones by `replay`; each is sent once, in order. The body's consumer is
 * the pace: a client that lets more than `maxStreamBytes` wait is cut off.
 */
export class StreamClient {
  readonly body: ReadableStream<Uint8Array>;
  readonly #ended = new AbortController();
  readonly #encoder = new TextEncoder();
  readonly #isWanted: (row: OutboxItem) => boolean;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** The newest row that was sent or passed over. */
  #position = 0n;
  /**
   * Live rows wait here while the database is asked for older ones; `later`: the next question
   * finds them there; undefined: they are sent as they come.
   */
  #held: OutboxItem[] | 'later' | undefined = 'later';
  #read: () => void = () => undefined;
  /** What waited at the last beat, and for how many beats it has not become less. */
  #stalled = { bytes: 0, beats: 0 };

  constructor(isWanted: (row: OutboxItem) => boolean) {
    this.#isWanted = isWanted;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#read(),
        cancel: () => this.#ended.abort(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
    );
  }

  /** Aborts when the client is gone or was ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Never throws: one client's trouble is not that of the others. */
  live(rows: readonly OutboxItem[]): void {
    if (this.#held === 'later') return;
    if (this.#held !== undefined) {
      this.#held.push(...rows);
      return;
    }
    try {
      this.#send(rows);
    } catch (error) {
      this.#cut(error);
    }
  }

  /** Sends what `after` gives until it gives nothing, then goes on live. */
  async replay(
    from: bigint,
    after: (position: bigint) => Promise<readonly OutboxItem[]>,
  ): Promise<void> {
    this.#position = from;
    for (;;) {
      const held: OutboxItem[] = [];
      this.#held = held;
      const rows = await after(this.#position);
      if (this.ended.aborted) return;
      if (rows.length === 0) {
        this.#held = undefined;
        this.#send(held);
        return;
      }
      this.#held = 'later';
      await this.#sendInParts(rows);
    }
  }

  write(text: string): void {
    if (this.ended.aborted) return;
    this.#controller?.enqueue(this.#encoder.encode(text));
    if (this.waitingBytes > maxStreamBytes) this.#cut(unread());
  }

  /** Shows a quiet client that it is heard; one that took nothing for some beats is cut off. */
  beat(): void {
    const { bytes, beats } = this.#stalled;
    const waiting = this.waitingBytes;
    const isStalled = waiting > streamReplayBytes && waiting >= bytes;
    this.#stalled = { bytes: waiting, beats: isStalled ? beats + 1 : 0 };
    if (this.#stalled.beats > streamStalledBeats) this.#cut(unread());
    else if (!isStalled) this.write(`: beat\n${idLine(this.#position)}\n`);
  }

  end(): void {
    if (this.ended.aborted) return;
    this.#ended.abort();
    this.#controller?.close();
    this.#read();
  }

  #cut(error: unknown): void {
    if (this.ended.aborted) return;
    this.#ended.abort();
    this.#controller?.error(error);
  }

  /** No more at once than a client that reads has room for. */
  async #sendInParts(rows: readonly OutboxItem[]): Promise<void> {
    let text = '';
    for (const row of rows) {
      if (this.ended.aborted) return;
      this.#position = row.seq;
      if (this.#isWanted(row)) text += eventText(row);
      if (text.length < streamReplayBytes && row !== rows.at(-1)) continue;
      if (text !== '') this.write(text);
      text = '';
      await this.#drained();
    }
  }

  #send(rows: readonly OutboxItem[]): void {
    const fresh = rows.filter((row) => row.seq > this.#position);
    this.#position = fresh.at(-1)?.seq ?? this.#position;
    const text = fresh.filter(this.#isWanted).map(eventText).join('');
    if (text !== '') this.write(text);
  }

  async #drained(): Promise<void> {
    while (!this.ended.aborted && this.waitingBytes > streamReplayBytes) {
      await new Promise<void>((resolve) => {
        this.#read = resolve;
        this.ended.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Bytes that the client has not taken. */
  get waitingBytes(): number {
    return -(this.#controller?.desiredSize ?? 0);
  }
}

/** Where a client goes on that has heard nothing since: an id without data is no event. */
export const idLine = (position: bigint): string => (position === 0n ? '' : `id: ${position}\n`);

const unread = (): Fault => new Fault('limited', 'the client does not read');

function eventText({ seq, kind, subject, at, body }: OutboxItem): string {
  const data = { seq: String(seq), kind, subject, at: new Date(at).toISOString(), body };
  return `id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
