/**
 * Lines of two texts as a unified diff, by the shortest edit script of Myers (Algorithmica 1:251,
 * 1986).
 */
import * as limits from './limits.ts';

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/** Lines of context around a change. */
const context = 3;

/** Hunks as `diff -u` writes them, without the two file lines; empty when the texts are equal. */
export function textDiff(before: string, after: string): string[] {
  const edits = editsOf(linesOf(before), linesOf(after));
  const out: string[] = [];
  for (const [from, to] of hunksOf(edits)) {
    const head = edits.slice(0, from);
    const hunk = edits.slice(from, to);
    const counted = (sign: '-' | '+', list: readonly Edit[]): number =>
      list.filter((edit) => edit.sign !== (sign === '-' ? '+' : '-')).length;
    const range = (sign: '-' | '+'): string => {
      const length = counted(sign, hunk);
      const start = counted(sign, head) + (length === 0 ? 0 : 1);
      return `${sign}${start},${length}`;
    };
    out.push(`@@ ${range('-')} ${range('+')} @@`);
    out.push(...hunk.map(({ sign, line }) => `${sign}${line}`));
  }
  return out;
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function hunksOf(edits: readonly Edit[]): [number, number][] {
  const hunks: [number, number][] = [];
  for (const [i, { sign }] of edits.entries()) {
    if (sign === ' ') continue;
    const from = Math.max(0, i - context);
    const to = Math.min(edits.length, i + context + 1);
    const last = hunks.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  }
  return hunks;
}

function editsOf(a: readonly string[], b: readonly string[]): Edit[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (
    tail < Math.min(a.length, b.length) - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) {
    tail += 1;
  }
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => ({ sign: ' ', line }));
  return [
    ...same(a.slice(0, head)),
    ...middleOf(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...same(a.slice(a.length - tail)),
  ];
}

function middleOf(a: readonly string[], b: readonly string[]): Edit[] {
  const trace = traceOf(a, b);
  // Texts with less in common than the bound allows are shown as one replaced by the other.
  if (trace === undefined) {
    return [
      ...a.map((line): Edit => ({ sign: '-', line })),
      ...b.map((line): Edit => ({ sign: '+', line })),
    ];
  }
  const edits: Edit[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const v = trace[d] ?? new Map<number, number>();
    const k = x - y;
    const isDown = k === -d || (k !== d && (v.get(k - 1) ?? -1) < (v.get(k + 1) ?? -1));
    const before = isDown ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : (v.get(before) ?? 0);
    const fromY = d === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      edits.push({ sign: ' ', line: a[x] ?? '' });
    }
    if (d === 0) break;
    if (isDown) {
      y -= 1;
      edits.push({ sign: '+', line: b[y] ?? '' });
    } else {
      x -= 1;
      edits.push({ sign: '-', line: a[x] ?? '' });
    }
  }
  return edits.reverse();
}

/** The furthest x on each diagonal before each number of edits; undefined past the bound. */
function traceOf(a: readonly string[], b: readonly string[]): Map<number, number>[] | undefined {
  const most = Math.min(a.length + b.length, limits.diffEdits);
  const v = new Map([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let d = 0; d <= most; d += 1) {
    trace.push(new Map(v));
    for (let k = -d; k <= d; k += 2) {
      const isDown = k === -d || (k !== d && (v.get(k - 1) ?? -1) < (v.get(k + 1) ?? -1));
      let x = isDown ? (v.get(k + 1) ?? 0) : (v.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      v.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return undefined;
}
