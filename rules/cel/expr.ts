/** An expression as it was written: CEL's operators and calls, with offsets into the text. */
export type Expr =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'text'; readonly value: string; readonly at: number }
  | { readonly kind: 'truth'; readonly value: boolean; readonly at: number }
  /** A signal, or a field of an item; dots and indexes are part of it: `d.results[0].score`. */
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | {
      readonly kind: 'call';
      readonly fn: string;
      readonly args: readonly Expr[];
      readonly at: number;
    }
  | { readonly kind: 'list'; readonly items: readonly Expr[]; readonly at: number }
  | MacroExpr;

/** `dets.exists(d, d.score > 0.5)`: what is said of each item that `variable` names. */
export interface MacroExpr {
  readonly kind: 'macro';
  readonly fn: MacroName;
  readonly list: Expr;
  readonly variable: string;
  readonly bodies: readonly Expr[];
  readonly at: number;
}

export const macroNames = ['exists', 'all', 'exists_one', 'filter', 'map'] as const;
export type MacroName = (typeof macroNames)[number];
