/**
 * A queue between two speeds. It holds at most `limit` items; what happens to one more is the
 * producer's decision: `push` says whether it was taken.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly limit: number;
  #items: T[] = [];
  #waiting: ((result: IteratorResult<T>) => void) | undefined;
  #room: (() => void)[] = [];
  #closed = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  /** False when full or closed; the item was not taken. */
  push(item: T): boolean {
    if (this.#closed) return false;
    if (this.#waiting !== undefined) {
      const deliver = this.#waiting;
      this.#waiting = undefined;
      deliver({ value: item, done: false });
      return true;
    }
    if (this.#items.length >= this.limit) return false;
    this.#items.push(item);
    return true;
  }

  /** Resolves when there is room, or at once when the queue is closed. */
  async whenRoom(): Promise<void> {
    while (!this.#closed && this.#items.length >= this.limit) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
  }

  /** Ends the iteration after what is already queued. */
  close(): void {
    this.#closed = true;
    this.#wakeProducers();
    this.#waiting?.({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  /** One consumer at a time. */
  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: () => {
        const item = this.#items.shift();
        if (item !== undefined) {
          this.#wakeProducers();
          return Promise.resolve({ value: item, done: false });
        }
        if (this.#closed) return Promise.resolve({ value: undefined, done: true });
        return new Promise((resolve) => {
          this.#waiting = resolve;
        });
      },
      return: () => {
        this.close();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }

  #wakeProducers(): void {
    const waiting = this.#room;
    this.#room = [];
    for (const wake of waiting) wake();
  }
}
