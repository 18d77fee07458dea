/** Of two vectors; 0 when one has no length or they have two widths. */
export function cosineOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return 0;
  let [dot, left, right] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    dot += (a[i] as number) * (b[i] as number);
    left += (a[i] as number) ** 2;
    right += (b[i] as number) ** 2;
  }
  return left === 0 || right === 0 ? 0 : dot / Math.sqrt(left * right);
}

/** Singles round: what is a hair below a limit is at it. */
export const cosineRounding = 1e-6;
