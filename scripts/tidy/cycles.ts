/** Law 9: no cycle between files, found as strongly connected components (Tarjan 1972). */
import { dirname, normalize } from 'node:path/posix';
import type { Complaint, Law } from './tree.ts';

export const cyclesLaw: Law = (tree) => {
  const edges = new Map<string, string[]>();
  for (const file of tree.sources) {
    const targets = file.imports
      .filter(({ from }) => from.startsWith('.'))
      .map(({ from }) => normalize(`${dirname(file.path)}/${from}`));
    edges.set(file.path, targets);
  }
  return components(edges)
    .filter((files) => files.length > 1)
    .map((files) => complain(files.sort()));
};

function complain(files: readonly string[]): Complaint {
  return {
    law: 'cycles',
    path: files[0] ?? '',
    line: 1,
    message: `these files import each other in a circle: ${files.join(', ')}`,
    remedy: 'Move what both need into a third file.',
  };
}

interface Visit {
  index: number;
  low: number;
  onStack: boolean;
}

function components(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const visits = new Map<string, Visit>();
  const stack: string[] = [];
  const found: string[][] = [];
  const connect = (node: string): Visit => {
    const visit: Visit = { index: visits.size, low: visits.size, onStack: true };
    visits.set(node, visit);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      const known = visits.get(next);
      if (known === undefined) visit.low = Math.min(visit.low, connect(next).low);
      else if (known.onStack) visit.low = Math.min(visit.low, known.index);
    }
    if (visit.low === visit.index) found.push(popTo(node));
    return visit;
  };
  const popTo = (node: string): string[] => {
    const members: string[] = [];
    for (;;) {
      const top = stack.pop();
      if (top === undefined) return members;
      const visit = visits.get(top);
      if (visit !== undefined) visit.onStack = false;
      members.push(top);
      if (top === node) return members;
    }
  };
  for (const node of edges.keys()) if (!visits.has(node)) connect(node);
  return found;
}
