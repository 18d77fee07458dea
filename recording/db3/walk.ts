/** The leaf pages of a table, from the smallest rowid to the largest. */
import type { Page, Pages } from './pages.ts';

/** The deepest tree: 2^63 rows need far fewer levels. */
const mostDepth = 24;

const interior = 5;
const leaf = 13;

interface Turn {
  readonly page: Page;
  readonly cells: number;
  next: number;
}

/** Where the head of a tree page stands: behind the file's header in page 1. */
function headOf(page: Page): number {
  return page.number === 1 ? 100 : 0;
}

/** The page's cells; Fault `corrupt` when it is no page of a table. */
export function cellsOf(pages: Pages, page: Page): number {
  const head = headOf(page);
  const type = page.bytes[head] ?? 0;
  if (type !== leaf && type !== interior) {
    throw pages.broken(page.number, `has type ${type}`, 'a page of a table (5 or 13)');
  }
  const count = page.view.getUint16(head + 3);
  const array = head + (type === leaf ? 8 : 12);
  if (array + 2 * count <= pages.header.usable) return count;
  throw pages.broken(page.number, `states ${count} rows`, 'as many as fit into the page');
}

/** Where cell i of the page starts. */
export function cellAt(pages: Pages, page: Page, i: number): number {
  const head = headOf(page);
  const array = head + (page.bytes[head] === leaf ? 8 : 12);
  const at = page.view.getUint16(array + 2 * i);
  if (at >= array && at < pages.header.usable) return at;
  throw pages.broken(page.number, `row ${i} of the page stands at byte ${at}`, 'inside the page');
}

/**
 * Leaf pages in order. A damaged page goes to `skipped` when that is given, and the rest of the tree
 * is still walked. No page is visited twice, so that a tree that bites its tail ends.
 */
export async function* leafPages(
  pages: Pages,
  root: number,
  skipped?: (error: unknown) => void,
): AsyncGenerator<Page, void> {
  const seen = new Uint8Array(Math.ceil((pages.header.pageCount + 1) / 8));
  const turns: Turn[] = [];
  let next: number | undefined = root;
  for (;;) {
    if (next !== undefined) {
      try {
        const page: Page = await pages.page(next, 'the tree');
        const cells = cellsOf(pages, page);
        mark(pages, seen, page.number);
        if (page.bytes[headOf(page)] === leaf) yield page;
        else if (turns.length < mostDepth) turns.push({ page, cells, next: 0 });
        else throw pages.broken(page.number, 'is too deep', `at most ${mostDepth} levels`);
      } catch (error) {
        if (skipped === undefined) throw error;
        skipped(error);
      }
    }
    const turn = turns.at(-1);
    if (turn === undefined) return;
    try {
      next = childOf(pages, turn);
    } catch (error) {
      if (skipped === undefined) throw error;
      skipped(error);
      next = undefined;
    }
    if (turn.next > turn.cells) turns.pop();
  }
}

function childOf(pages: Pages, turn: Turn): number {
  const i = turn.next;
  turn.next += 1;
  if (i === turn.cells) return turn.page.view.getUint32(headOf(turn.page) + 8);
  const at = cellAt(pages, turn.page, i);
  if (at + 4 <= pages.header.usable) return turn.page.view.getUint32(at);
  throw pages.broken(turn.page.number, `child ${i} stands at byte ${at}`, 'inside the page');
}

function mark(pages: Pages, seen: Uint8Array, number: number): void {
  const byte = seen[number >> 3] ?? 0;
  const bit = 1 << (number & 7);
  if ((byte & bit) !== 0) throw pages.broken(number, 'stands twice in the tree', 'once');
  seen[number >> 3] = byte | bit;
}
