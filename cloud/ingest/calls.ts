/** What may be asked of the writer. Every call is committed before its answer is given. */
import { Fault } from '@fieldloop/core';
import type { ConnectionKind, ContentKind, Lane, Status, Stored } from '@fieldloop/proto';
import type { BeginOutcome, Content } from './transfer-rows.ts';

export interface Calls {
  /** One message of a lane. */
  readonly rows: Call<
    {
      readonly device: string;
      readonly lane: Lane;
      readonly payload: Uint8Array;
      readonly at: number;
    },
    readonly Stored[]
  >;
  /** `isNewest` is false for the word of an older connection, which is dropped. */
  readonly status: Call<
    { readonly device: string; readonly status: Status; readonly at: number },
    { readonly isNewest: boolean; readonly stored: readonly Stored[] }
  >;
  readonly opened: Call<ConnectionOpened, void>;
  readonly closed: Call<
    {
      readonly id: string;
      readonly device: string;
      readonly kind: ConnectionKind;
      readonly why: string;
      readonly at: number;
    },
    void
  >;
  readonly begin: Call<
    Content & {
      readonly sizeBytes: number;
      readonly content: ContentKind;
      readonly owner: string;
      readonly at: number;
    },
    BeginOutcome
  >;
  readonly durable: Call<
    Content & { readonly epoch: number; readonly durable: number; readonly at: number },
    boolean
  >;
  readonly finish: Call<
    Content & { readonly sizeBytes: number; readonly content: ContentKind; readonly at: number },
    void
  >;
  readonly restart: Call<Content & { readonly at: number }, void>;
  readonly end: Call<Content, void>;
  /** Forgets transfers untouched since then and lists the others. */
  readonly sweep: Call<{ readonly untouchedSince: number }, readonly Content[]>;
  /** This node has just started: nobody is connected to it. */
  readonly start: Call<{ readonly node: string; readonly at: number }, void>;
}

export interface ConnectionOpened {
  readonly id: string;
  readonly device: string;
  readonly kind: ConnectionKind;
  readonly node: string;
  readonly remote: string;
  readonly fingerprint: string;
  readonly at: number;
}

interface Call<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

export type CallName = keyof Calls;

/** The port: the committer itself, or the thread it runs in. */
export interface Writer extends AsyncDisposable {
  submit<K extends CallName>(name: K, input: Calls[K]['input']): Promise<Calls[K]['output']>;
}

/** A Fault on its way between threads. */
export interface FaultWords {
  readonly code: Fault['code'];
  readonly message: string;
  readonly place: string | undefined;
  readonly remedy: string | undefined;
  /** Of the bug inside an `internal` one. */
  readonly stack: string | undefined;
}

export function wordsOf({ code, message, place, remedy, cause }: Fault): FaultWords {
  const stack = code === 'internal' && cause instanceof Error ? cause.stack : undefined;
  return { code, message, place, remedy, stack };
}

export function faultFrom({ code, message, place, remedy, stack }: FaultWords): Fault {
  return new Fault(code, message, { place, remedy, cause: stack });
}
