/** Which topics a capture takes: its own and those of the captures it extends. */
export interface CaptureSet {
  readonly topics: readonly string[];
  readonly extends?: string | undefined;
  /** Rates by topic as they are written, such as `5Hz`. */
  readonly downsample?: Readonly<Record<string, string>> | undefined;
  readonly maxBytes?: string | undefined;
}

type CaptureRates = Readonly<Record<string, string>>;

export type Resolved =
  | Required<Omit<CaptureSet, 'extends'>>
  | { readonly unknown: string }
  /** The captures that extend each other in a circle. */
  | { readonly circle: readonly string[] };

/** Parents first, each topic once; of what parent and child both say, the child's holds. */
export function resolveCapture(name: string, sets: ReadonlyMap<string, CaptureSet>): Resolved {
  const chain: string[] = [];
  for (let at: string | undefined = name; at !== undefined; at = sets.get(at)?.extends) {
    if (chain.includes(at)) return { circle: [...chain, at] };
    if (!sets.has(at)) return { unknown: at };
    chain.push(at);
  }
  const all = chain.reverse().flatMap((one) => sets.get(one) ?? []);
  return {
    topics: [...new Set(all.flatMap(({ topics }) => topics))],
    downsample: Object.assign({}, ...all.map((one) => one.downsample ?? {})) as CaptureRates,
    maxBytes: all.findLast(({ maxBytes }) => maxBytes !== undefined)?.maxBytes,
  };
}
