/** How unsure a detector is: of its boxes, and from one frame to the next. */

/** In any unit of its image, from the upper left corner. */
export interface ScoredBox {
  readonly class: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Boxes of less are noise of the detector and say nothing of its doubt. */
const leastConfidence = 0.05;
/** Boxes that share this much of their union are one object. */
const sameObject = 0.5;

/** Mean of `4c(1 - c)` over the boxes with c > .05; 1 for a detector that tosses coins. */
export function boxDoubt(confidences: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < confidences.length; i += 1) {
    const c = confidences[i] as number;
    if (Number.isNaN(c)) return Number.NaN;
    if (c <= leastConfidence) continue;
    sum += 4 * c * (1 - c);
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

/** 1 - share of the boxes that the next frame has again, class and place; 0 of no boxes. */
export function flicker(boxes: readonly ScoredBox[], next: readonly ScoredBox[]): number {
  if (boxes.length === 0) return 0;
  const pairs = boxes
    .flatMap((box, at) =>
      next.flatMap((other, to) => {
        const share = box.class === other.class ? overlap(box, other) : 0;
        return share >= sameObject ? [{ at, to, share }] : [];
      }),
    )
    .toSorted((a, b) => b.share - a.share || a.at - b.at || a.to - b.to);
  const matched = new Set<number>();
  const taken = new Set<number>();
  for (const { at, to } of pairs) {
    if (matched.has(at) || taken.has(to)) continue;
    matched.add(at);
    taken.add(to);
  }
  return 1 - matched.size / boxes.length;
}

/** Intersection over union. */
export function overlap(a: ScoredBox, b: ScoredBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}
