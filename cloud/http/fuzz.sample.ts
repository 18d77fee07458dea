/**
 * Asks the whole API at random, by its own document: no answer may be a bug, have a status that
 * the document does not name, or a body that its schema does not take.
 */
import { type Random, seededRandom } from '@fieldloop/core';
import { type Drawing, draw, pick, type Schema } from './fuzz-draw.sample.ts';
import { problemSchema } from './problem.ts';
import { type ApiWorld, openApiWorld } from './world.sample.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Target extends Described {
  readonly method: string;
  readonly path: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface FuzzReport {
  readonly requests: number;
  /** How many answers each status had. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Operations that were answered with success at least once. */
  readonly reached: readonly string[];
  readonly operations: number;
  /** What must not be, with the request that showed it. */
  readonly failures: readonly string[];
}

const maxSeen = 400;
const wildness = 0.04;

/** The same seed asks the same of the same answers. Stops after ten failures. */
export async function fuzzApi(options: {
  readonly seed: number;
  readonly requests: number;
  readonly onProgress?: (done: number, failures: readonly string[]) => void;
}): Promise<FuzzReport> {
  await using world = await openApiWorld();
  for (const n of [1, 2, 3]) await world.putClip(n, { bytes: new Uint8Array(512).fill(n) });
  await world.putClip(4);
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  const fuzz = new Fuzz(world, document, seededRandom(options.seed));
  for (let done = 0; done < options.requests && fuzz.failures.length < 10; done += 1) {
    await fuzz.ask();
    if (done % 500 === 499) options.onProgress?.(done + 1, fuzz.failures);
  }
  return fuzz.report();
}

class Fuzz {
  readonly failures: string[] = [];
  readonly #world: ApiWorld;
  readonly #targets: readonly Target[];
  readonly #schemas: Readonly<Record<string, Schema>>;
  readonly #random: Random;
  readonly #seen: string[] = ['amr-01', 'amr-02'];
  /** Prefix of the ids of a noun, as its answers show: `clips` have `clp`. */
  readonly #prefixes = new Map<string, string>();
  readonly #tags: string[] = ['"1"'];
  readonly #statuses: Record<string, number> = {};
  readonly #reached = new Set<string>();
  #requests = 0;

  constructor(world: ApiWorld, document: Document, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#schemas = document.components.schemas;
    this.#targets = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => ({ ...described, method, path })),
    );
  }

  report(): FuzzReport {
    return {
      requests: this.#requests,
      statuses: this.#statuses,
      reached: [...this.#reached].toSorted(),
      operations: this.#targets.length,
      failures: this.failures,
    };
  }

  async ask(): Promise<void> {
    const target = pick(this.#random, this.#targets);
    if (target === undefined) throw new TypeError('a document without operations');
    this.#requests += 1;
    const request = this.#requestOf(target);
    const about = `${request.method} ${request.path} ${request.body ?? ''}`.slice(0, 600);
    try {
      const response = await fetch(`${this.#world.url}${request.path}`, {
        method: request.method,
        headers: request.headers,
        redirect: 'manual',
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      const wrong = await this.#check(target, response);
      if (wrong !== undefined) this.failures.push(`#${this.#requests} ${wrong}: ${about}`);
    } catch (error) {
      this.failures.push(`#${this.#requests} ${String(error)}: ${about}`);
    }
  }

  #requestOf(target: Target) {
    const by = this.#drawing();
    const headers: Record<string, string> = { authorization: `Bearer ${this.#world.key}` };
    const query = new URLSearchParams();
    let path = target.path;
    for (const parameter of target.parameters ?? []) {
      const wanted = parameter.required === true || this.#random.next() < 0.35;
      const value = wanted ? this.#parameterValue(parameter, target.path, by) : undefined;
      if (value === undefined) continue;
      const texts = (Array.isArray(value) ? value : [value]).map(textOf);
      if (parameter.in === 'query') for (const text of texts) query.append(parameter.name, text);
      else if (parameter.in === 'header') headers[parameter.name] = headerText(texts[0] ?? '');
      else path = path.replace(`{${parameter.name}}`, pathText(texts[0] ?? ''));
    }
    const schema = target.requestBody?.content['application/json']?.schema;
    const body = schema === undefined ? undefined : JSON.stringify(draw(schema, by));
    if (body !== undefined) headers['content-type'] = 'application/json';
    const search = query.size === 0 ? '' : `?${query.toString()}`;
    return { method: target.method.toUpperCase(), path: `${path}${search}`, headers, body };
  }

  #parameterValue(parameter: Parameter, path: string, by: Drawing): unknown {
    const random = this.#random;
    if (parameter.name === 'If-Match') return pick(random, [...this.#tags, '*', '*', 'x']);
    if (parameter.name === 'Idempotency-Key') return `k${random.integer(50)}`;
    if (parameter.in === 'path' && parameter.schema.type !== 'integer') {
      const fitting = this.#idsOf(path, parameter.name);
      const roll = random.next();
      if (roll < 0.75 && fitting.length > 0) return pick(random, fitting);
      if (roll < 0.9) return pick(random, this.#seen);
    }
    return draw(parameter.schema, by);
  }

  /** Ids that were seen of the noun in front of a path's parameter. */
  #idsOf(path: string, name: string): readonly string[] {
    const noun = new RegExp(`/(\\w+)/\\{${name}\\}`).exec(path)?.[1] ?? '';
    const prefix = this.#prefixes.get(noun);
    const ids = this.#seen.filter((id) => prefix !== undefined && id.startsWith(`${prefix}_`));
    return noun === 'devices' ? [...ids, 'amr-01', 'amr-02'] : ids;
  }

  #drawing(): Drawing {
    return {
      random: this.#random,
      seen: this.#seen,
      wild: this.#random.next() < 0.5 ? 0 : wildness,
      resolve: (ref) => this.#schemas[ref.replace('#/components/schemas/', '')] ?? {},
    };
  }

  /** What is wrong with an answer, or undefined. */
  async #check(target: Target, response: Response): Promise<string | undefined> {
    const { status } = response;
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (response.headers.get('x-request-id') === null) return `${status} without a request id`;
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/event-stream')) {
      await response.body?.cancel();
      return undefined;
    }
    const text = await response.text();
    if (status >= 500) return `${status} ${text.slice(0, 300)} ${this.#world.errors.at(-1) ?? ''}`;
    // A path whose parameter is cut short by its own characters is the path of another operation.
    const isRouted = status !== 404 && status !== 405;
    if (isRouted && target.responses[status] === undefined && status !== 304 && status !== 414) {
      return `${status} is not in the document of ${target.operationId}`;
    }
    if (status >= 400) {
      const problem = problemSchema.safeParse(JSON.parse(text));
      const isProblem = type.startsWith('application/problem+json') && problem.success;
      return isProblem ? undefined : `a ${status} that is no problem`;
    }
    this.#reached.add(target.operationId);
    if (type.startsWith('application/json')) this.#learn(target.path, text);
    const tag = response.headers.get('etag');
    if (tag !== null && /^"\d+[."]/.test(tag)) this.#tags.push(tag);
    return undefined;
  }

  /** Ids and cursors of answers are what makes later requests reach deeper. */
  #learn(path: string, text: string): void {
    const noun = /\/(\w+)(?:\/\{\w+\})?$/.exec(path)?.[1];
    const prefix = /"id":"([a-z]{2,4})_[0-9A-Z]{26}"/.exec(text)?.[1];
    if (noun !== undefined && prefix !== undefined) this.#prefixes.set(noun, prefix);
    for (const [, word] of text.matchAll(/"((?:[a-z]{2,4}_[0-9A-Z]{26})|[\w-]{40,200})"/g)) {
      const isOwn = this.#world.key.includes(word?.slice(4) ?? ' ');
      if (word === undefined || isOwn || this.#seen.includes(word)) continue;
      if (this.#seen.length >= maxSeen) this.#seen.splice(2 + this.#random.integer(maxSeen - 2), 1);
      this.#seen.push(word);
    }
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

/** Characters that no client can send in a header are not what is asked about. */
const headerText = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 300);

const pathText = (text: string): string =>
  encodeURIComponent(text.toWellFormed().slice(0, 200)) || 'x';
