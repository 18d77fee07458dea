/**
 * A YAML document checked whole against a zod schema: every problem at once, each with its line
 * and column and what to do. The one door to yaml of this room.
 */
import { didYouMean, Fault } from '@fieldloop/core';
import { isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { maxDocumentBytes, maxDocumentProblems } from './limits.ts';

export interface DocumentProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
  readonly remedy: string;
}

export interface CheckedDocument<T> {
  /** Absent when there is a problem. */
  readonly value?: T;
  readonly problems: readonly DocumentProblem[];
}

export interface DocumentText {
  readonly text: string;
  /** What problems call it. */
  readonly file: string;
  /** What shows a whole one: a command. */
  readonly example?: string | undefined;
}

type Path = readonly PropertyKey[];
type Yaml = ReturnType<typeof parseDocument>;

/** What a schema adds to zod's own words: the remedy of a problem. */
export interface Complaint {
  readonly message: string;
  readonly remedy: string;
  readonly path?: Path;
}

/** More that is looked for in the parsed document before the schema sees it. */
export type Inspect = (value: unknown) => readonly Required<Complaint>[];

export function readDocument<T>(
  source: DocumentText,
  schema: z.ZodType<T>,
  inspect: Inspect = () => [],
): CheckedDocument<T> {
  const { text, file } = source;
  if (Buffer.byteLength(text) > maxDocumentBytes) {
    const message = `the document has more than ${maxDocumentBytes} bytes`;
    return failed([{ file, line: 1, column: 1, message, remedy: 'Give the right file.' }]);
  }
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const placed = (at: number, message: string, remedy: string): DocumentProblem => {
    const { line, col } = lines.linePos(at);
    return { file, line: Math.max(1, line), column: Math.max(1, col), message, remedy };
  };
  if (yaml.errors.length > 0) {
    return failed(
      yaml.errors.map(({ pos, message }) =>
        placed(pos[0], `this is not YAML: ${firstLine(message)}`, 'Correct the YAML here.'),
      ),
    );
  }
  const value = plain(yaml);
  const found = [...inspect(value)];
  const parsed = schema.safeParse(value);
  const complaints = parsed.success
    ? []
    : parsed.error.issues.flatMap((i) => told(i, { ...source, value, schema }));
  // What was found by looking says more than what the schema says of the same place.
  const known = new Set(found.map(({ path }) => pathText(path)));
  const others = complaints.filter(({ path }) => !known.has(pathText(path)));
  const problems = [...found, ...others].map(({ path, message, remedy }) =>
    placed(offsetOf(yaml, path), message, remedy),
  );
  return parsed.success && problems.length === 0
    ? { value: parsed.data, problems }
    : failed(problems);
}

/** The value, or one Fault that names every problem. */
export function demand<T>(checked: CheckedDocument<T>): T {
  if (checked.value !== undefined) return checked.value;
  const [first] = checked.problems;
  const rest = checked.problems.slice(1).map((problem) => `\n${problemLine(problem)}`);
  throw new Fault('invalid', first?.message ?? 'the document is empty', {
    place: first === undefined ? undefined : `${first.file}:${first.line}:${first.column}`,
    remedy: `${first?.remedy ?? ''}${rest.join('')}`,
    details: { problems: checked.problems },
  });
}

export function problemLine(problem: DocumentProblem): string {
  const { file, line, column, message, remedy } = problem;
  return `${file}:${line}:${column}: ${message}${/[.?]$/.test(message) ? '' : '.'} ${remedy}`;
}

/** Adds a problem from inside a zod check. */
export function complain(context: z.core.ParsePayload, complaint: Complaint): void {
  context.issues.push({
    code: 'custom',
    message: complaint.message,
    params: { remedy: complaint.remedy },
    path: [...(complaint.path ?? [])],
    input: context.value,
  });
}

/** A text that `parse` understands; its Fault becomes the problem. */
export function parsedText<T>(parse: (text: string) => T): z.ZodType<T> {
  return z.union([z.string(), z.number()]).transform((given, context) => {
    try {
      return parse(String(given));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      complain(context, { message: error.message, remedy: error.remedy ?? '' });
      return z.NEVER;
    }
  });
}

function failed(problems: readonly DocumentProblem[]): { problems: readonly DocumentProblem[] } {
  const ordered = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { problems: ordered.slice(0, maxDocumentProblems) };
}

function plain(yaml: Yaml): unknown {
  try {
    // An empty document is an empty map, so that what is missing is named.
    return yaml.toJS({ maxAliasCount: 100 }) ?? {};
  } catch {
    return undefined;
  }
}

interface Checked extends Pick<DocumentText, 'example'> {
  readonly value: unknown;
  readonly schema: z.ZodType;
}

function told(issue: z.core.$ZodIssue, checked: Checked): readonly Required<Complaint>[] {
  const { path } = issue;
  const { value, schema, example } = checked;
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key "${key}"${within(path)}${tail(didYouMean(key, known))}`,
      remedy: `Known here: ${known.join(', ')}.`,
    }));
  }
  if (issue.code === 'custom') {
    const remedy: unknown = issue.params?.['remedy'];
    const message = `${named(path)}${issue.message}`;
    return [{ path, message, remedy: typeof remedy === 'string' ? remedy : '' }];
  }
  const first = issue.code === 'invalid_union' ? issue.errors[0]?.[0] : undefined;
  if (first !== undefined && issue.message === 'Invalid input') {
    return told({ ...first, path: [...path, ...first.path] }, checked);
  }
  const given = at(value, path);
  if (given === undefined) {
    const remedy =
      example === undefined ? 'Add it.' : `Add it; "${example}" shows a whole example.`;
    return [{ path, message: `${named(path)}is missing`, remedy }];
  }
  const message = `${named(path)}${shown(given)} does not fit here`;
  return [{ path, message, remedy: wanted(issue) }];
}

/** What would fit, as a sentence. */
function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `Write ${issue.values.map(String).join(' or ')}.`;
    case 'invalid_type':
      return `Write ${typeWords[issue.expected] ?? issue.expected}.`;
    case 'too_small':
    case 'too_big': {
      const least = issue.code === 'too_small';
      const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
      const things = countedWords.get(issue.origin);
      if (things !== undefined) return `Give ${things} of at ${least ? 'least' : 'most'} ${bound}.`;
      if (issue.inclusive === false) return `Give a number ${least ? 'above' : 'below'} ${bound}.`;
      return `Give a number of at ${least ? 'least' : 'most'} ${bound}.`;
    }
    default:
      return `${issue.message.charAt(0).toUpperCase()}${issue.message.slice(1)}.`;
  }
}

const countedWords: ReadonlyMap<string, string> = new Map([
  ['array', 'a list with a length'],
  ['string', 'a text with a length'],
]);

const typeWords: Readonly<Record<string, string>> = {
  object: 'a map, {key: value}',
  array: 'a list, [a, b]',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

const tail = (question: string): string => (question === '' ? '' : `.${question}`);

function named(path: Path): string {
  return path.length === 0 ? '' : `"${pathText(path)}": `;
}

function within(path: Path): string {
  return path.length === 0 ? '' : ` in "${pathText(path)}"`;
}

function pathText(path: Path): string {
  return path
    .map((part, i) =>
      typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`,
    )
    .join('');
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:]$/, '');
}

function at(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<PropertyKey, unknown>)[part];
  }
  return here;
}

/** Keys that the schema knows for the object at `path`. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let here: z.core.$ZodType = schema;
  for (const part of path) {
    here = bare(here);
    if (here instanceof z.ZodObject) here = here.shape[String(part)] ?? z.unknown();
    else if (here instanceof z.ZodArray) here = here.element;
    else if (here instanceof z.ZodRecord) here = here.valueType;
    else return [];
  }
  here = bare(here);
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

/** The schema inside what only says "optional", "default" or "then change it". */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return bare(schema.def.innerType);
  }
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodReadonly) {
    return bare(schema.def.innerType);
  }
  return schema instanceof z.ZodPipe ? bare(schema.def.in) : schema;
}

/** Where in the text the key or value at `path` stands; the nearest parent when it is absent. */
function offsetOf(yaml: Yaml, path: Path): number {
  let node: unknown = yaml.contents;
  let offset = rangeOf(node);
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part);
      if (!isPair(pair)) return offset;
      offset = rangeOf(pair.key, offset);
      node = pair.value;
    } else {
      node = itemOf(node, part);
      offset = rangeOf(node, offset);
    }
  }
  return offset;
}

function itemOf(node: unknown, part: PropertyKey): unknown {
  const items = (node as { items?: unknown } | undefined)?.items;
  return Array.isArray(items) && typeof part === 'number' ? items[part] : undefined;
}

function rangeOf(node: unknown, otherwise = 0): number {
  const range = (node as { range?: unknown } | null | undefined)?.range;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : otherwise;
}
