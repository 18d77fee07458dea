/** The syntax of one file, from oxc's parser: nodes, comments and every way to import. */
import { Fault } from '@fieldloop/core';
import { parseSync, visitorKeys } from 'oxc-parser';

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Comment {
  readonly value: string;
  readonly start: number;
}

export interface Import {
  readonly from: string;
  readonly start: number;
}

export interface Syntax {
  readonly program: Node;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
}

/** Fault `invalid` with the place of the first syntax error. */
export function parseSource(path: string, text: string): Syntax {
  const parsed = parseSync(path, text);
  const error = parsed.errors[0];
  if (error !== undefined) {
    throw new Fault('invalid', `${path} does not parse: ${error.message}`, {
      place: path,
      remedy: 'Mend the syntax error.',
    });
  }
  const program = parsed.program as unknown as Node;
  return { program, comments: parsed.comments, imports: importsOf(program) };
}

/** Static and dynamic imports, re-exports, type imports and `require`, by their literal text. */
function importsOf(program: Node): Import[] {
  const found: Import[] = [];
  walk(program, (node) => {
    const source = sourceOf(node);
    if (isNode(source) && typeof source['value'] === 'string') {
      found.push({ from: source['value'], start: node.start });
    }
  });
  return found;
}

function sourceOf(node: Node): unknown {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return node['source'];
    case 'TSExternalModuleReference':
      return node['expression'];
    case 'CallExpression': {
      const callee = node['callee'];
      const isRequire =
        isNode(callee) && callee.type === 'Identifier' && callee['name'] === 'require';
      return isRequire && Array.isArray(node['arguments']) ? node['arguments'][0] : undefined;
    }
    default:
      return undefined;
  }
}

/** Depth first, parents before children. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void): void {
  const go = (at: Node, parent: Node | undefined): void => {
    visit(at, parent);
    for (const key of visitorKeys[at.type] ?? Object.keys(at)) {
      const value = at[key];
      if (isNode(value)) go(value, at);
      else if (Array.isArray(value)) for (const item of value) if (isNode(item)) go(item, at);
    }
  };
  go(node, undefined);
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}
