/** Law 4: pure files do no I/O and read no clock, chance or process. */
import { isNode, type Node, walk } from './syntax.ts';
import { type Complaint, type Law, lineAt, type SourceFile } from './tree.ts';

const impureBuiltins = new Set([
  'node:child_process',
  'node:cluster',
  'node:dgram',
  'node:dns',
  'node:fs',
  'node:fs/promises',
  'node:http',
  'node:http2',
  'node:https',
  'node:net',
  'node:os',
  'node:process',
  'node:readline',
  'node:timers',
  'node:timers/promises',
  'node:tls',
  'node:worker_threads',
]);

/** Files of pure rooms that are their doors to the process or to files of the room itself. */
const exempt = new Set(['core/system.ts', 'core/launch.mjs', 'rules/library.ts']);
const pureRooms = new Set(['core', 'learning', 'rules']);

export const purityLaw: Law = (tree) =>
  tree.sources
    .filter((file) => isPure(file.path) && !file.isTest)
    .flatMap((file) => [...builtins(file), ...calls(file)]);

function isPure(path: string): boolean {
  if (exempt.has(path) || path.endsWith('.mjs')) return false;
  const parts = path.split('/');
  if (pureRooms.has(parts[0] ?? '')) return true;
  if (parts.at(-1) === 'plan.ts') return true;
  return parts[0] === 'cloud' && parts.length === 3 && parts[2] === `${parts[1]}.ts`
    ? !['http', 'broker', 'ingest', 'store', 'blob', 'auth'].includes(parts[1] ?? '')
    : false;
}

function builtins(file: SourceFile): Complaint[] {
  return file.imports
    .filter(({ from }) => impureBuiltins.has(from))
    .map(({ from, start }) => complain(file, start, `imports ${from}`));
}

function calls(file: SourceFile): Complaint[] {
  const found: Complaint[] = [];
  walk(file.program, (node, parent) => {
    const name = impureName(node, parent);
    if (name !== undefined) found.push(complain(file, node.start, `uses ${name}`));
  });
  return found;
}

function impureName(node: Node, parent: Node | undefined): string | undefined {
  if (node.type === 'MemberExpression') {
    const object = node['object'];
    const property = node['property'];
    if (!isNode(object) || !isNode(property)) return undefined;
    const name = `${String(object['name'])}.${String(property['name'])}`;
    return ['Date.now', 'Math.random', 'performance.now'].includes(name) ? name : undefined;
  }
  if (node.type !== 'Identifier' || node['name'] !== 'process') return undefined;
  const isUse = parent?.type === 'MemberExpression' && parent['object'] === node;
  return isUse ? 'process' : undefined;
}

function complain(file: SourceFile, start: number, what: string): Complaint {
  return {
    law: 'purity',
    path: file.path,
    line: lineAt(file, start),
    message: `a pure file ${what}`,
    remedy: 'Take the value or a port as an argument.',
  };
}
