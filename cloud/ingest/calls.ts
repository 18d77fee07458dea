/** What may be asked of the writer. Every call is committed before its answer is given. */
import type { ConnectionKind, ContentKind, Lane, Status, Stored } from '@fieldloop/proto';
import type { TelemetryValue } from '../store/telemetry.ts';
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
  /** Given to a connection of the device. */
  readonly commandsSent: Call<{ readonly ids: readonly string[]; readonly at: number }, void>;
  readonly telemetry: Call<
    { readonly device: string; readonly values: readonly TelemetryValue[]; readonly at: number },
    void
  >;
  /** This node lives and has these connections open. */
  readonly beat: Call<
    { readonly node: string; readonly at: number; readonly open: readonly string[] },
    void
  >;
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
