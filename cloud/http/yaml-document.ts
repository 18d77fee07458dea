/**
 * Documents that people write: YAML 1.2 or JSON, checked by a schema, with the line and column of
 * everything that is wrong. Anchors, tags and doubled keys are refused, for the same bytes must
 * mean the same to everybody who reads them.
 */
import { Fault } from '@fieldloop/core';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { maxDocumentBytes, maxDocumentFaults } from '../release-limits.ts';
import type { z } from './openapi.ts';

export interface DocumentFault {
  readonly line: number;
  readonly column: number;
  /** `unknown-key`, `bad-value`, …: what a program can tell apart. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export type DocumentPath = readonly (string | number)[];

export interface ReadDocument<T> {
  /** Undefined when there are faults. */
  readonly value: T | undefined;
  readonly faults: readonly DocumentFault[];
  /** Where a part stands; of the nearest one that exists when it is missing. */
  readonly place: (path: DocumentPath) => Pick<DocumentFault, 'line' | 'column'>;
}

type Parsed = ReturnType<typeof parseDocument>;

/** Every fault of the text at once, up to a limit. */
export function readDocument<T>(text: string, schema: z.ZodType<T>): ReadDocument<T> {
  const lines = new LineCounter();
  const at = (offset: number): Pick<DocumentFault, 'line' | 'column'> => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, text.length)));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const nothing = (fault: DocumentFault): ReadDocument<T> => ({
    value: undefined,
    faults: [fault],
    place: () => ({ line: 1, column: 1 }),
  });
  if (Buffer.byteLength(text) > maxDocumentBytes) {
    const message = `the document has more than ${maxDocumentBytes / 1024} KiB`;
    const remedy = 'Name artifacts by their hash instead of writing them out.';
    return nothing({ line: 1, column: 1, code: 'limit', message, remedy });
  }
  let document: Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      version: '1.2',
    });
  } catch (error) {
    // The parser throws only when it runs out of stack.
    if (!(error instanceof RangeError)) throw error;
    const remedy = 'Look for brackets that are not closed.';
    return nothing({
      line: 1,
      column: 1,
      code: 'yaml',
      message: 'it is nested too deeply',
      remedy,
    });
  }
  const broken = [...document.errors, ...document.warnings].map(
    ({ pos, message, code }): DocumentFault => ({
      ...at(pos[0]),
      code: code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'yaml',
      message: `YAML: ${message}`,
      remedy: code === 'DUPLICATE_KEY' ? 'Keep one of the two.' : 'Check quotes and indentation.',
    }),
  );
  const faults = [...broken, ...anchors(document, at)];
  const place = (path: DocumentPath) => at(offsetOf(document, path));
  if (faults.length > 0)
    return { value: undefined, faults: faults.slice(0, maxDocumentFaults), place };
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }), { reportInput: true });
  if (parsed.success) return { value: parsed.data, faults: [], place };
  const found = parsed.error.issues.flatMap((issue) => issueFaults(issue, place));
  return { value: undefined, faults: found.slice(0, maxDocumentFaults), place };
}

function anchors(
  document: Parsed,
  at: (offset: number) => Pick<DocumentFault, 'line' | 'column'>,
): DocumentFault[] {
  const faults: DocumentFault[] = [];
  visit(document, (_key, node) => {
    const isNamed = (isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined;
    if (!isNamed && !isAlias(node)) return;
    faults.push({
      ...at(node.range?.[0] ?? 0),
      code: 'anchor',
      message: 'anchors and aliases are not taken',
      remedy: 'Write the value out.',
    });
  });
  return faults;
}

type Issue = z.core.$ZodIssue;

function issueFaults(
  issue: Issue,
  place: (path: DocumentPath) => Pick<DocumentFault, 'line' | 'column'>,
): DocumentFault[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      ...place([...path, key]),
      code: 'unknown-key',
      message: `unknown key "${key.slice(0, 64)}"`,
      remedy: 'Remove it, or look at the schema in firmware-manifests/schema.',
    }));
  }
  const isMissing = issue.code === 'invalid_type' && issue.input === undefined;
  const name = path.length === 0 ? 'the document' : path.join('.');
  return [
    {
      ...place(path),
      code: isMissing ? 'missing-key' : 'bad-value',
      message: isMissing ? `${name} is missing` : `${name}: ${issue.message}`,
      remedy: isMissing ? 'Add it.' : 'The schema in firmware-manifests/schema says what is taken.',
    },
  ];
}

/** Of the key of a map's part, of the part itself in a list; of the last one that exists. */
function offsetOf(document: Parsed, path: DocumentPath): number {
  let node: unknown = document.contents;
  let found = startOf(node);
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(step),
      );
      if (pair === undefined) return found;
      found = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step] !== undefined) {
      node = node.items[step];
      found = startOf(node);
    } else return found;
  }
  return found;
}

function startOf(node: unknown): number {
  return (node as { readonly range?: readonly number[] } | null)?.range?.[0] ?? 0;
}

/** One Fault for all that is wrong with a document: the first is its text, with its place. */
export function documentFault(what: string, faults: readonly DocumentFault[]): Fault {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return new Fault('invalid', `${what} is not right: ${first?.message ?? 'it is empty'}${more}`, {
    place: first === undefined ? '/body/text' : `${first.line}:${first.column}`,
    remedy: first?.remedy ?? 'Send the text of a document.',
  });
}
