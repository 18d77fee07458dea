/**
 * The door to the yaml package: text to plain data that remembers where each part stands, down
 * to single characters of an expression, whatever style its scalar is written in.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  stringify,
  visit,
} from 'yaml';
import * as limits from './limits.ts';
import type { ProblemCode } from './problem.ts';
import { scalarOffsets, type WrittenScalar } from './scalar-offsets.ts';

export type Path = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface SourceProblem extends Place {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

export interface YamlSource {
  /** Plain data; undefined when the text is not YAML. */
  readonly data: unknown;
  readonly problems: readonly SourceProblem[];
  /** Where a key stands; of the nearest part that exists when it is missing. */
  keyPlace(path: Path): Place;
  valuePlace(path: Path): Place;
  /** Where character `offset` of a text value stands in the file. */
  textPlace(path: Path, offset: number): Place;
}

export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, text.length)));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const nothing = (problem: SourceProblem): YamlSource => {
    const start = (): Place => place(0);
    return {
      data: undefined,
      problems: [problem],
      keyPlace: start,
      valuePlace: start,
      textPlace: start,
    };
  };
  if (text.length > limits.documentBytes) {
    const message = `the document has ${text.length} characters, at most ${limits.documentBytes}`;
    const remedy = 'Split it into several rule sets.';
    return nothing({ line: 1, column: 1, code: 'limit', message, remedy });
  }
  let document: Document.Parsed;
  try {
    // The package compares each key with all others; doublesOf needs one look at each.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false } as const;
    // What the package warns of would go to the process and not to the report.
    document = parseDocument(text, { ...options, version: '1.2', logLevel: 'error' });
  } catch (error) {
    // The parser reports what is wrong with a text; it throws only when it runs out of stack.
    if (!(error instanceof RangeError)) throw error;
    return nothing(tooDeep);
  }
  const found = [...document.errors, ...document.warnings];
  // How deep that is depends on the stack, so no place inside is named.
  if (found.some(({ message }) => /call stack/i.test(message))) return nothing(tooDeep);
  // One slip of the pen makes the parser stumble several times at one place: the first is told.
  const problems = [...new Map(found.toReversed().map((error) => [error.pos[0], error])).values()]
    .toReversed()
    .slice(0, limits.problems)
    .map((error): SourceProblem => {
      return { ...place(error.pos[0]), ...adviceOn(error.code, error.message) };
    });
  for (const offset of doublesOf(document)) problems.push({ ...place(offset), ...twice });
  const isReadable = problems.every(({ code }) => code === 'duplicate-key');
  const data = isReadable ? plainData(document, place, problems) : undefined;
  const find = (path: Path): Found => findPart(document, path);
  return {
    data,
    problems,
    keyPlace: (path) => place(find(path).key),
    valuePlace: (path) => place(find(path).value),
    textPlace(path, offset) {
      const { scalar, value } = find(path);
      if (scalar === undefined) return place(value);
      return place(scalarOffsets(text, scalar)[offset] ?? value);
    },
  };
}

const tooDeep: SourceProblem = {
  line: 1,
  column: 1,
  code: 'yaml',
  message: 'the document is nested too deeply',
  remedy: 'A rule set needs six levels; look for brackets that are not closed.',
};

/** YAML that people and this reader agree on: no anchors, no folding of long expressions. */
export function writeYaml(data: unknown): string {
  return stringify(data, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    flowCollectionPadding: false,
  });
}

function plainData(
  document: Document.Parsed,
  place: (offset: number) => Place,
  problems: SourceProblem[],
): unknown {
  try {
    return document.toJS({ maxAliasCount: limits.documentAliases });
  } catch (error) {
    // The alias that leads nowhere, or else the first of too many.
    let at: number | undefined;
    visit(document, {
      Alias(_, alias) {
        const isLost = alias.resolve(document) === undefined;
        if (at === undefined || isLost) at = alias.range?.[0];
        return isLost ? visit.BREAK : undefined;
      },
    });
    const message = aliasText(error instanceof Error ? error.message : String(error));
    const remedy = 'Write the values out instead of using *aliases.';
    problems.push({ ...place(at ?? 0), code: 'yaml', message, remedy });
    return undefined;
  }
}

const twice: Advice = {
  code: 'duplicate-key',
  message: 'this key stands twice in the same map',
  remedy: 'Remove one of the two; only one would count.',
};

/** Offsets of keys that their map already has. */
function doublesOf(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const pair of map.items) {
        const key = keyText(pair);
        if (key === undefined) continue;
        if (seen.has(key)) offsets.push(startOf(pair.key));
        seen.add(key);
      }
    },
  });
  return offsets.slice(0, limits.problems);
}

/** The package names the cause in brackets or as an attack; people need the fact. */
function aliasText(raw: string): string {
  return raw.startsWith('Unresolved')
    ? 'the alias has no anchor before it'
    : 'the aliases multiply to more than a rule set can hold';
}

interface Advice {
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}

function adviceOn(code: string, raw: string): Advice {
  const message = `YAML: ${raw.charAt(0).toLowerCase()}${raw.slice(1)}`;
  const quote = 'Put the whole value in single quotes, for example when: \'a == "b"\'.';
  switch (code) {
    case 'TAG_RESOLVE_FAILED':
      return {
        code: 'yaml',
        message: `${message}; a value that begins with ! is a tag`,
        remedy: quote,
      };
    case 'TAB_AS_INDENT':
      return { code: 'yaml', message, remedy: 'Indent with spaces.' };
    case 'MULTIPLE_DOCS':
      return {
        code: 'yaml',
        message: 'YAML: the file holds more than one document',
        remedy: 'Put each rule set into a file of its own.',
      };
    case 'MISSING_CHAR':
    case 'BAD_INDENT':
      return { code: 'yaml', message, remedy: 'Close the quote or bracket, or indent the line.' };
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return {
        code: 'yaml',
        message,
        remedy:
          'A line below that stands further in makes a map of it, and so does ": " inside. ' +
          `Bring that line to its neighbours. ${quote}`,
      };
    case 'BAD_SCALAR_START':
      return { code: 'yaml', message, remedy: quote };
    default:
      return { code: 'yaml', message, remedy: `Check quotes and indentation here. ${quote}` };
  }
}

interface Found {
  readonly key: number;
  readonly value: number;
  readonly scalar: WrittenScalar | undefined;
}

/** Walks to a part of the document; stops at the last one that exists. */
function findPart(document: Document.Parsed, path: Path): Found {
  let node: unknown = document.contents;
  let key = startOf(node);
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item) === String(step));
      if (pair === undefined) return { key, value: startOf(node), scalar: undefined };
      key = startOf(pair.key) || key;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step] !== undefined) {
      node = node.items[step];
      key = startOf(node) || key;
    } else return { key, value: startOf(node) || key, scalar: undefined };
  }
  return { key, value: startOf(node) || key, scalar: scalarPart(node) };
}

function keyText(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function startOf(node: unknown): number {
  const range = (node as { readonly range?: readonly number[] } | null | undefined)?.range;
  return range?.[0] ?? 0;
}

function scalarPart(node: unknown): WrittenScalar | undefined {
  if (!isScalar(node) || typeof node.value !== 'string') return undefined;
  const [start, end] = node.range ?? [0, 0];
  return { value: node.value, style: styles[node.type ?? 'PLAIN'] ?? 'plain', start, end };
}

const styles: Readonly<Record<string, WrittenScalar['style']>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'block',
  BLOCK_FOLDED: 'block',
};
