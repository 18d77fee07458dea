/** Messages of a whole recording: counts, times, order and sequence numbers, channel by channel. */
import type { Findings } from './findings.ts';

interface Row {
  count: bigint;
  sequence: number | undefined;
}

export class MessageTally {
  readonly #findings: Findings;
  readonly #rows = new Map<number, Row>();
  #count = 0n;
  #first: bigint | undefined;
  #last = 0n;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get count(): bigint {
    return this.#count;
  }

  get first(): bigint {
    return this.#first ?? 0n;
  }

  get last(): bigint {
    return this.#last;
  }

  countOf(channelId: number): bigint {
    return this.#rows.get(channelId)?.count ?? 0n;
  }

  get channelIds(): Iterable<number> {
    return this.#rows.keys();
  }

  add(channelId: number, sequence: number, logTime: bigint, offset: number): void {
    this.#count += 1n;
    if (this.#first === undefined || logTime < this.#first) this.#first = logTime;
    if (this.#count > 1n && logTime < this.#last) {
      this.#findings.warn('messages are not in the order of their log times', offset);
    }
    if (logTime > this.#last) this.#last = logTime;
    const row = this.#rows.get(channelId) ?? { count: 0n, sequence: undefined };
    this.#sequence(channelId, row.sequence, sequence, offset);
    row.count += 1n;
    row.sequence = sequence;
    this.#rows.set(channelId, row);
  }

  /** Sequence numbers are optional: a channel that stays at 0 has none. */
  #sequence(channelId: number, before: number | undefined, now: number, offset: number): void {
    if (before === undefined || (before === 0 && now === 0) || now === before + 1) return;
    const where = `channel ${channelId}`;
    if (now > before) {
      this.#findings.warn(`sequence numbers of ${where} have gaps: messages were lost`, offset);
    } else {
      this.#findings.warn(`sequence numbers of ${where} repeat or step back`, offset);
    }
  }
}
