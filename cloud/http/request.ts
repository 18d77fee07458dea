/** Reads and checks the parts of a request; everything wrong with them is said at once. */
import { didYouMean, Fault } from '@fieldloop/core';
import { maxBodyBytes, maxConditions } from '../limits.ts';
import { z } from './openapi.ts';
import type { Fields } from './operation.ts';
import { answeredAs, type ProblemError } from './problem.ts';

/** The query's parameters by `schema`; a parameter that may repeat has an array's schema. */
export function checkQuery(schema: Fields | undefined, url: URL): unknown {
  const errors: ProblemError[] = [];
  const values: Record<string, string | string[]> = {};
  for (const name of new Set(url.searchParams.keys())) {
    const all = url.searchParams.getAll(name);
    const field = Object.hasOwn(schema?.shape ?? {}, name) ? schema?.shape[name] : undefined;
    const repeats = field !== undefined && isList(field);
    const most = repeats ? maxConditions : 1;
    if (all.length > most) {
      const message = repeats ? `is given more than ${most} times` : 'is given more than once';
      errors.push({ pointer: `/query/${name}`, message });
    }
    values[name] = repeats ? all : (all[0] ?? '');
  }
  return checked(schema, values, { part: 'query', errors });
}

/** The path's parameters. */
export function checkParams(schema: Fields | undefined, params: Record<string, string>): unknown {
  return schema === undefined ? undefined : checked(schema, params, { part: 'path', errors: [] });
}

/** The JSON body, of at most `maxBodyBytes`, and its text. */
export async function checkBody(
  schema: Fields | undefined,
  request: Request,
): Promise<{ readonly body: unknown; readonly text: string }> {
  if (schema === undefined) return { body: undefined, text: '' };
  const type = request.headers.get('content-type') ?? '';
  const text = await readText(request);
  if (text === '') return { body: checked(schema, {}, { part: 'body', errors: [] }), text };
  if (!/^application\/(?:[a-z0-9.-]+\+)?json(?:\s*;.*)?$/i.test(type)) {
    const fault = new Fault('invalid', `the body is "${type.slice(0, 60)}", not JSON`, {
      place: '/header/content-type',
      remedy: 'Send JSON with Content-Type: application/json.',
    });
    throw answeredAs(fault, { status: 415 });
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new Fault('invalid', `the body is not JSON: ${messageOf(error)}`, {
      place: '/body',
      remedy: 'Send one JSON object.',
      cause: error,
    });
  }
  return { body: checked(schema, body, { part: 'body', errors: [] }), text };
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) throw tooLarge();
  if (request.body === null) return '';
  const bytes = await readBytes(request.body);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Fault('invalid', 'the body is not UTF-8 text', {
      place: '/body',
      remedy: 'Send one JSON object in UTF-8.',
      cause: error,
    });
  }
}

async function readBytes(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      size += part.byteLength;
      if (size > maxBodyBytes) break;
      parts.push(part);
    }
  } catch (error) {
    throw new Fault('cancelled', 'the client went away before its request was whole', {
      cause: error,
    });
  }
  if (size > maxBodyBytes) throw tooLarge();
  return Buffer.concat(parts);
}

function tooLarge(): Fault {
  const fault = new Fault('limited', `the body has more than ${maxBodyBytes} bytes`, {
    place: '/body',
    remedy: 'Send a smaller request.',
  });
  return answeredAs(fault, { status: 413, headers: { connection: 'close' } });
}

type Part = 'query' | 'path' | 'body';

function checked(
  schema: Fields | undefined,
  value: unknown,
  so: { readonly part: Part; readonly errors: ProblemError[] },
): unknown {
  const parsed = (schema ?? nothing).safeParse(value, { reportInput: true });
  const known = Object.keys(schema?.shape ?? {});
  const errors = [...so.errors, ...nullCharacters(value, `/${so.part}`)];
  if (!parsed.success) {
    errors.push(...parsed.error.issues.flatMap((issue) => errorsOf(issue, so.part, known)));
  }
  const [first, ...more] = errors;
  if (first === undefined) return parsed.data;
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  const [part, ...names] = first.pointer.slice(1).split('/');
  const what = names.length === 0 ? `the ${part}` : `${part} "${names.join('.')}"`;
  throw answeredAs(
    new Fault('invalid', `${what} ${first.message}${rest}`, {
      place: first.pointer,
      remedy: first.message.startsWith(unknown)
        ? `Known here: ${known.length === 0 ? 'nothing' : known.join(', ')}.`
        : '/openapi.json says what is taken here.',
    }),
    { errors },
  );
}

/** U+0000 ends a text in too many places behind us: PostgreSQL takes none. */
function nullCharacters(value: unknown, pointer: string): readonly ProblemError[] {
  const errors: ProblemError[] = [];
  // A list of what is left to look at, because a body may be nested deeper than calls can be.
  const left: { readonly value: unknown; readonly pointer: string }[] = [{ value, pointer }];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (typeof one.value === 'string') {
      if (!one.value.includes('\0')) continue;
      errors.push({ pointer: one.pointer, message: 'holds the character U+0000' });
    } else if (typeof one.value === 'object' && one.value !== null) {
      for (const [name, part] of Object.entries(one.value)) {
        const at = one.pointer.length < maxPointerLength ? `${one.pointer}/${name}` : one.pointer;
        left.push({ value: part, pointer: at }, { value: name, pointer: one.pointer });
      }
    }
  }
  return errors.slice(0, maxConditions);
}

const maxPointerLength = 256;

const nothing = z.strictObject({});
const unknown = 'is not known here';

function errorsOf(
  issue: z.core.$ZodIssue,
  part: Part,
  known: readonly string[],
): readonly ProblemError[] {
  const pointer = `/${[part, ...issue.path.map(String)].join('/')}`;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, 8).map((key) => ({
      pointer: `${pointer}/${key.slice(0, 64)}`,
      message: `${unknown}.${didYouMean(key, issue.path.length === 0 ? known : [])}`,
    }));
  }
  return [{ pointer, message: wordsOf(issue) }];
}

/** A longer list would hide the message; the document has it. */
const maxListedValues = 16;

/** What is wrong, to be read after the name of the field. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'is missing' : `is not of the type ${issue.expected}`;
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const given = typeof issue.input === 'string' ? issue.input : '';
    const known = values.length > maxListedValues ? 'the known values' : values.join(', ');
    return `is not one of ${known}.${didYouMean(given, values)}`;
  }
  if (issue.code === 'too_big') {
    return `is over the limit of ${issue.maximum}${unitOf(issue.origin)}`;
  }
  if (issue.code === 'too_small') {
    return `is under the least of ${issue.minimum}${unitOf(issue.origin)}`;
  }
  return issue.message;
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' items' : '';
}

function isList(field: z.core.$ZodType): boolean {
  if (field instanceof z.ZodOptional || field instanceof z.ZodDefault) {
    return isList(field.unwrap());
  }
  return field instanceof z.ZodArray;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');
