/** What the parser makes of a query: shapes with places, before any field is known. */
export interface Span {
  /** UTF-16 units from the start of the query. */
  readonly at: number;
  readonly length: number;
}

/** A value as it was written; `quoted` ones are texts and never patterns. */
export interface Written extends Span {
  readonly text: string;
  readonly quoted: boolean;
}

export type Operand =
  | { readonly kind: 'value'; readonly value: Written }
  | { readonly kind: 'range'; readonly from: Written; readonly to: Written };

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '~' | ':' | 'in';

export interface FieldTerm {
  readonly kind: 'term';
  /** `why`, `values`, `vx` */
  readonly field: Span & { readonly parts: readonly string[] };
  readonly op: Operator;
  /** One, or several of `in`. */
  readonly operands: readonly Operand[];
}

export type Syntax =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Syntax[] }
  | { readonly kind: 'not'; readonly of: Syntax }
  | { readonly kind: 'word'; readonly value: Written }
  | FieldTerm;

export interface Parsed {
  readonly text: string;
  readonly syntax: Syntax;
}
