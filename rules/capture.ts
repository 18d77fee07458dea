/** Which topics a capture takes: its own and those of the captures it extends. */
export interface CaptureSet {
  readonly topics: readonly string[];
  readonly extends?: string | undefined;
}

export type Resolved =
  | { readonly topics: readonly string[] }
  | { readonly unknown: string }
  /** The captures that extend each other in a circle. */
  | { readonly circle: readonly string[] };

/** Parents first, each topic once. */
export function resolveCapture(name: string, sets: ReadonlyMap<string, CaptureSet>): Resolved {
  const chain: string[] = [];
  for (let at: string | undefined = name; at !== undefined; at = sets.get(at)?.extends) {
    if (chain.includes(at)) return { circle: [...chain, at] };
    if (!sets.has(at)) return { unknown: at };
    chain.push(at);
  }
  const topics = chain.reverse().flatMap((one) => sets.get(one)?.topics ?? []);
  return { topics: [...new Set(topics)] };
}
