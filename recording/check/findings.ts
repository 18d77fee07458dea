/** What a check found. Warnings of one kind are one line with a count and the first place. */
import { Fault, type FaultCode } from '@fieldloop/core';
import { placeOf } from '../damage.ts';
import { checkFindings } from '../limits.ts';

export interface Finding {
  readonly place: string;
  readonly message: string;
  readonly remedy?: string | undefined;
  /** How often; the place is the first. */
  readonly count: number;
}

const ofRecordings: ReadonlySet<FaultCode> = new Set(['corrupt', 'invalid', 'limited']);

/** What a walk of one format found. */
export interface Checked {
  readonly findings: Findings;
  readonly records: number;
  readonly messages: bigint;
  readonly chunks: number;
}

export class Findings {
  readonly #name: string;
  readonly #errors = new Map<string, { finding: Finding; count: number }>();
  readonly #warnings = new Map<string, { finding: Finding; count: number }>();

  constructor(name: string) {
    this.#name = name;
  }

  error(offset: number, message: string, remedy?: string): void {
    // Errors at different places are told apart, up to the bound.
    const key = this.#errors.size < checkFindings ? `${offset} ${message}` : 'more';
    this.#note(this.#errors, key, offset, { message, remedy });
  }

  /** What is wrong with the recording becomes an error of the report; all else is thrown on. */
  damage(fault: unknown): void {
    if (!(fault instanceof Fault) || !ofRecordings.has(fault.code)) throw fault;
    const { message, remedy } = fault;
    const offset = fault.details?.['offset'];
    const key = `${fault.place ?? ''} ${message}`;
    this.#note(this.#errors, key, typeof offset === 'number' ? offset : 0, { message, remedy });
  }

  warn(kind: string, offset: number, remedy?: string): void {
    this.#note(this.#warnings, kind, offset, { message: kind, remedy });
  }

  get errors(): readonly Finding[] {
    return [...this.#errors.values()].map(({ finding, count }) => ({ ...finding, count }));
  }

  get warnings(): readonly Finding[] {
    return [...this.#warnings.values()].map(({ finding, count }) => ({ ...finding, count }));
  }

  #note(
    into: Map<string, { finding: Finding; count: number }>,
    key: string,
    offset: number,
    said: { readonly message: string; readonly remedy: string | undefined },
  ): void {
    const known = into.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const message =
      key === 'more' ? `more errors of other kinds, such as: ${said.message}` : said.message;
    const place = placeOf(this.#name, offset);
    into.set(key, { finding: { place, message, remedy: said.remedy, count: 1 }, count: 1 });
  }
}
