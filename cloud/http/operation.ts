/**
 * One operation of the API: what it takes, what it gives, which right it needs. The same
 * description checks requests, names the caller's right and makes the OpenAPI document.
 */
import type { FaultCode } from '@fieldloop/core';
import type { Scope } from '../auth/rights.ts';
import type { Changes } from './change.ts';
import type { Caller } from './caller.ts';
import type { z } from './openapi.ts';

/** Any schema of an object: its fields are known by name. */
export type Fields = z.ZodObject;

/** What a schema makes of its input. Its many methods are not compared to find that out. */
export interface Gives<out Output> {
  readonly _zod: { readonly output: Output };
}

export interface Answer<Body> {
  readonly status: 200 | 201 | 202 | 204;
  readonly description: string;
  /** Absent for an answer of bytes, or of nothing. */
  readonly schema?: Gives<Body>;
  /** Media type of an answer of bytes. */
  readonly bytes?: string;
}

/** As an operation keeps it: the schema with all that it can. */
export interface KnownAnswer extends Omit<Answer<unknown>, 'schema'> {
  readonly schema?: z.ZodType;
}

export interface OperationDoc {
  readonly id: string;
  readonly tag: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** OpenAPI form: `/v1/clips/{id}`, `/v1/devices/{id}:revoke`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** The right that the caller must have; `any` caller; `nobody` needs none. */
  readonly right: Scope | 'any' | 'nobody';
  /** Faults beside those that every operation of its kind has. */
  readonly faults?: readonly FaultCode[];
  /** Statuses beside the answer's and the faults', such as 206 and 416. */
  readonly statuses?: Readonly<Record<number, string>>;
  /** Pages of any origin may read the answer: it needs no rights but what its path holds. */
  readonly crossOrigin?: boolean;
  /**
   * It narrows its answer to the caller's cohorts itself. Other operations refuse a caller that is
   * restricted to some, but for reads by id, which are checked before (cloud/auth/within.ts).
   */
  readonly withinCohorts?: boolean;
  /** A create that answers with the operation that makes it, or 200 for its dry run. */
  readonly makes?: boolean;
  /** A create whose answer shows a secret once: it is never kept for a repeated request. */
  readonly secret?: boolean;
}

/** What a request does, as its method and answer say. */
export type OperationKind = 'read' | 'create' | 'change' | 'verb';

export function kindOf({ doc, answer }: Pick<Operation, 'doc' | 'answer'>): OperationKind {
  if (doc.method === 'get') return 'read';
  if (doc.method !== 'post') return 'change';
  return doc.makes === true || answer.status === 201 || answer.status === 202 ? 'create' : 'verb';
}

/** A request whose parts were checked. */
export interface Call<Query, Params, Body> extends Changes {
  readonly query: Query;
  readonly params: Params;
  readonly body: Body;
  readonly requestId: string;
  readonly method: string;
  /** By lower-case name. */
  header(name: string): string | undefined;
  /** Who asks; an operation for nobody has none. */
  readonly caller: Caller | undefined;
  /** Address of the client's end of the connection. */
  readonly ip: string;
  /** The request as it came, for what its checked parts do not hold. */
  readonly request: Request;
  /** Further headers of the answer. */
  readonly answerHeaders: Headers;
}

export interface Operation {
  readonly doc: OperationDoc;
  readonly query: Fields | undefined;
  readonly params: Fields | undefined;
  readonly body: Fields | undefined;
  readonly answer: KnownAnswer;
  /** `call` holds what the schemas above made of the request. */
  run(call: Call<unknown, unknown, unknown>): Promise<unknown>;
}

type Output<T> = T extends Gives<infer O> ? O : undefined;

/** Binds a handler to its description; the schemas give the handler its types. */
export function operation<
  Result,
  Query extends Fields | undefined = undefined,
  Params extends Fields | undefined = undefined,
  Body extends Fields | undefined = undefined,
>(
  doc: OperationDoc,
  shape: {
    readonly query?: Query;
    readonly params?: Params;
    readonly body?: Body;
    readonly answer: Answer<Result>;
  },
  handle: (
    call: Call<Output<Query>, Output<Params>, Output<Body>>,
  ) => Promise<NoInfer<Result> | Response> | NoInfer<Result> | Response,
): Operation {
  return {
    doc,
    query: shape.query,
    params: shape.params,
    body: shape.body,
    answer: shape.answer as Answer<unknown> as KnownAnswer,
    run: async (call) => await handle(call as Call<Output<Query>, Output<Params>, Output<Body>>),
  };
}
