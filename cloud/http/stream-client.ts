/** One client of the stream: what it is sent, how much may wait for it, and its end. */
import { Fault } from '@fieldloop/core';
import { maxStreamBytes, streamReplayBytes } from '../limits.ts';
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
  /** Live rows wait here until the older ones are sent. */
  #held: OutboxItem[] | undefined = [];
  #read: () => void = () => undefined;

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

  live(rows: readonly OutboxItem[]): void {
    if (this.#held === undefined) this.#send(rows);
    else this.#held.push(...rows);
  }

  /** Sends what `after` gives until it gives nothing, then goes on live. */
  async replay(
    from: bigint,
    after: (position: bigint) => Promise<readonly OutboxItem[]>,
  ): Promise<void> {
    this.#position = from;
    for (;;) {
      const rows = await after(this.#position);
      // What is held is in the database too: the loop comes to it.
      if (rows.length > 0) this.#held = [];
      if (rows.length === 0 || this.ended.aborted) break;
      this.#send(rows);
      await this.#drained();
    }
    const held = this.#held;
    this.#held = undefined;
    this.#send(held ?? []);
  }

  write(text: string): void {
    if (this.ended.aborted) return;
    this.#controller?.enqueue(this.#encoder.encode(text));
    if (this.#waiting() <= maxStreamBytes) return;
    this.#ended.abort();
    this.#controller?.error(new Fault('limited', 'the client does not read'));
  }

  end(): void {
    if (this.ended.aborted) return;
    this.#ended.abort();
    this.#controller?.close();
    this.#read();
  }

  #send(rows: readonly OutboxItem[]): void {
    const fresh = rows.filter((row) => row.seq > this.#position);
    this.#position = fresh.at(-1)?.seq ?? this.#position;
    const text = fresh.filter(this.#isWanted).map(eventText).join('');
    if (text !== '') this.write(text);
  }

  async #drained(): Promise<void> {
    while (!this.ended.aborted && this.#waiting() > streamReplayBytes) {
      await new Promise<void>((resolve) => {
        this.#read = resolve;
        this.ended.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #waiting(): number {
    return -(this.#controller?.desiredSize ?? 0);
  }
}

function eventText({ seq, kind, subject, at, body }: OutboxItem): string {
  const data = { seq: String(seq), kind, subject, at: new Date(at).toISOString(), body };
  return `id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
