/**
 * Boxes of several annotators become one set: clusters of boxes that show the same thing, each
 * fused into one. Weighted boxes fusion: Solovyev, Wang & Gabruseva (2021), "Weighted boxes fusion:
 * ensembling boxes from different object detection models", Image and Vision Computing 107.
 */

/** x to the right, y down, from the corner of least x and y. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface DrawnBox extends Rectangle {
  readonly label: number;
  /** How sure its annotator is; a person's is 1. */
  readonly confidence: number;
  readonly annotator: number;
}

export interface FusedBox extends Rectangle {
  readonly label: number;
  /** mean c · min(T, N) / N: what everybody saw keeps its confidence, the rest loses. */
  readonly score: number;
  /** Annotators with a box in the cluster. */
  readonly annotators: readonly number[];
  /** Indices of its boxes among the given ones. */
  readonly members: readonly number[];
}

/** Intersection over union; 0 for boxes that only touch. */
export function iou(a: Rectangle, b: Rectangle): number {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  if (w <= 0 || h <= 0) return 0;
  return (w * h) / (a.w * a.h + b.w * b.h - w * h);
}

/**
 * Clusters of one class at IoU above `least` with the fused box so far, the surest box first; of
 * one annotator at most one box is in a cluster. `annotators` is N, all who looked.
 */
export function fuseBoxes(
  boxes: readonly DrawnBox[],
  annotators: number,
  least = 0.55,
): readonly FusedBox[] {
  const order = boxes
    .map((box, i) => ({ box, i }))
    .toSorted((a, b) => b.box.confidence - a.box.confidence || a.i - b.i);
  const clusters: { fused: Rectangle; members: { box: DrawnBox; i: number }[] }[] = [];
  for (const one of order) {
    let best: (typeof clusters)[number] | undefined;
    let most = least;
    for (const cluster of clusters) {
      const [first] = cluster.members;
      if (first?.box.label !== one.box.label) continue;
      if (cluster.members.some(({ box }) => box.annotator === one.box.annotator)) continue;
      const overlap = iou(cluster.fused, one.box);
      if (overlap > most) [best, most] = [cluster, overlap];
    }
    if (best === undefined) {
      clusters.push({ fused: one.box, members: [one] });
    } else {
      best.members.push(one);
      best.fused = weighted(best.members.map(({ box }) => box));
    }
  }
  return clusters.map(({ fused: { x, y, w, h }, members }) => {
    const mean = members.reduce((sum, { box }) => sum + box.confidence, 0) / members.length;
    return {
      x,
      y,
      w,
      h,
      label: members[0]?.box.label ?? 0,
      score: (mean * Math.min(members.length, annotators)) / annotators,
      annotators: members.map(({ box }) => box.annotator),
      members: members.map(({ i }) => i),
    };
  });
}

/** Σ c·b / Σ c, of the corners. */
function weighted(boxes: readonly DrawnBox[]): Rectangle {
  const sum = boxes.reduce((all, { confidence }) => all + confidence, 0);
  const mean = (of: (box: DrawnBox) => number): number =>
    boxes.reduce((all, box) => all + box.confidence * of(box), 0) / sum;
  const [x, y] = [mean((box) => box.x), mean((box) => box.y)];
  return { x, y, w: mean((box) => box.x + box.w) - x, h: mean((box) => box.y + box.h) - y };
}
