/**
 * Inner product of `width` numbers from two places of one table. Four sums at once: one sum alone
 * would wait for each addition before the next.
 */
export function innerAt(values: Float32Array, left: number, right: number, width: number): number {
  const by4 = width - (width % 4);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let d = 0;
  for (; d < by4; d += 4) {
    s0 += (values[left + d] as number) * (values[right + d] as number);
    s1 += (values[left + d + 1] as number) * (values[right + d + 1] as number);
    s2 += (values[left + d + 2] as number) * (values[right + d + 2] as number);
    s3 += (values[left + d + 3] as number) * (values[right + d + 3] as number);
  }
  let sum = s0 + s1 + (s2 + s3);
  for (; d < width; d += 1) sum += (values[left + d] as number) * (values[right + d] as number);
  return sum;
}
