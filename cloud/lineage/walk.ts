/** Walks the chain from one link, up to where it came from and down to what came of it. */
import { maxLineageNodes } from '../dataset-limits.ts';
import type { Db } from '../store/db.ts';
import type { LineageEdge, LineageNode } from './lineage.ts';
import { rankOf } from './lineage.ts';
import { demandNode } from './rows.ts';
import { downSteps, upSteps } from './steps.ts';

export interface Lineage {
  readonly start: LineageNode;
  /** In the order of the chain. */
  readonly nodes: readonly LineageNode[];
  readonly edges: readonly LineageEdge[];
  /** False when there was more than one answer holds. */
  readonly whole: boolean;
}

export type Direction = 'up' | 'down' | 'both';

/** Faults: `invalid`, `not_found`. `fan`: how many neighbours of one link are followed. */
export async function lineageOf(
  db: Db,
  id: string,
  { direction, fan }: { readonly direction: Direction; readonly fan: number },
): Promise<Lineage> {
  const start = await demandNode(db, id);
  const nodes = new Map<string, LineageNode>([[start.id, start]]);
  const edges = new Map<string, LineageEdge>();
  let whole = true;
  const follow = async (way: 'up' | 'down'): Promise<void> => {
    const steps = way === 'up' ? upSteps : downSteps;
    const seen = new Set([start.id]);
    for (let ring = [start]; ring.length > 0; ) {
      const next: LineageNode[] = [];
      for (const node of ring) {
        const { ids, count } = await steps[node.kind](db, node.id, fan);
        node.more += Math.max(0, count - ids.length);
        for (const other of ids) {
          const [from, to] = way === 'up' ? [other, node.id] : [node.id, other];
          if (!nodes.has(other) && nodes.size >= maxLineageNodes) {
            whole = false;
            continue;
          }
          edges.set(`${from} ${to}`, { from, to });
          if (seen.has(other)) continue;
          seen.add(other);
          const found = nodes.get(other) ?? (await demandNode(db, other));
          nodes.set(other, found);
          next.push(found);
        }
      }
      ring = next;
    }
  };
  if (direction !== 'down') await follow('up');
  if (direction !== 'up') await follow('down');
  const ordered = [...nodes.values()].toSorted(
    (a, b) => rankOf(a) - rankOf(b) || (a.id < b.id ? -1 : 1),
  );
  return { start, nodes: ordered, edges: [...edges.values()], whole };
}
