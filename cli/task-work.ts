/** Answering tasks from a terminal: one key a decision. */
import { Fault, faultLine } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import type { CliIo } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, given, printOne } from './list.ts';
import { anyNumber, wholeNumber } from './option-values.ts';
import { parseYaml } from './yaml.ts';

type Given = Schemas['GivenTasks'];
type Card = Given['items'][number];
type Value = Schemas['LabelValue'];

const maxHeld = 10;

export function answerTasks(tasks: Command, io: CliIo): void {
  next(tasks, io);
  submit(tasks, io);
  skip(tasks, io);
  apiOptions(
    tasks.command('release <id>').description('Hand a task back, as if you had never had it.'),
  ).action(async (id: string, options: ApiOptions) => {
    const params = { path: { id } };
    const client = clientOf(options, io);
    const done = await answer(client.POST('/v1/tasks/{id}:release', { params, body: {} }));
    printOne(done, options, io, () => ({ none: `${id} is handed back` }));
  });
  apiOptions(
    tasks.command('undo').description('Take your last answer back while its task is unresolved.'),
  ).action(async (options: ApiOptions) => {
    const body = { guide: false };
    const done = await answer(clientOf(options, io).POST('/v1/tasks:undo', { body }));
    show(done, options, io);
  });
  work(tasks, io);
}

interface NextOptions extends ApiOptions {
  readonly count: number;
  readonly guide?: boolean;
}

function next(tasks: Command, io: CliIo): void {
  apiOptions(tasks.command('next').description('What you are to answer; you hold it for 30 min.'))
    .option(
      '--count <n>',
      'how many to hold',
      wholeNumber('--count', { least: 1, most: maxHeld }),
      1,
    )
    .option('--guide', 'with the guide to read')
    .addHelpText('after', examples)
    .action(async ({ count, guide = false, ...options }: NextOptions) => {
      const body = { count, guide };
      show(await answer(clientOf(options, io).POST('/v1/tasks:next', { body })), options, io);
    });
}

interface SubmitOptions extends ApiOptions {
  readonly seconds?: number;
  readonly value?: string;
}

function submit(tasks: Command, io: CliIo): void {
  apiOptions(
    tasks
      .command('submit <id> [answer]')
      .description('Answer a task by a class or its key, and see the next one.'),
  )
    .option('--value <json>', 'a whole value, such as {"boxes": […]}, for what is no class')
    .option('--seconds <n>', 'how long it took you', anyNumber('--seconds', { most: 86_400 }))
    .addHelpText('after', examples)
    .action(async (id: string, said: string | undefined, options: SubmitOptions) => {
      const client = clientOf(options, io);
      const value = await valueOf(client, { id, said, value: options.value });
      const body = { ...value, ...given({ seconds: options.seconds }), count: 1, guide: false };
      const params = { path: { id } };
      show(await answer(client.POST('/v1/tasks/{id}:submit', { params, body })), options, io);
    });
}

function skip(tasks: Command, io: CliIo): void {
  apiOptions(tasks.command('skip <id>').description('Say why you cannot answer it; see the next.'))
    .requiredOption('--reason <text>', 'why, such as "too dark"')
    .addHelpText('after', examples)
    .action(async (id: string, options: ApiOptions & { readonly reason: string }) => {
      const body = { reason: options.reason, count: 1, guide: false };
      const params = { path: { id } };
      const client = clientOf(options, io);
      show(await answer(client.POST('/v1/tasks/{id}:skip', { params, body })), options, io);
    });
}

/** A key is a number; the task that is held says which class it stands for. */
async function valueOf(
  client: Client,
  of: {
    readonly id: string;
    readonly said: string | undefined;
    readonly value: string | undefined;
  },
): Promise<Value> {
  if (of.value !== undefined) return parseYaml(of.value, '--value') as Value;
  const { said } = of;
  if (said === undefined) {
    throw new Fault('invalid', 'the answer is missing', {
      place: 'answer',
      remedy: 'Give a class or its key, or a whole value with --value.',
    });
  }
  if (!/^[1-9]\d*$/.test(said)) return { class: said };
  // What is held, and nothing more: a look takes no task from others.
  const body = { count: 0, guide: false };
  const held = await answer(client.POST('/v1/tasks:next', { body }));
  const card = held.items.find(({ id }) => id === of.id);
  if (card !== undefined) return classAt(held, card, said);
  throw new Fault('conflict', `you do not hold ${of.id.slice(0, 64)}, or no more`, {
    remedy: 'Take the next one with `fieldloop tasks next`.',
  });
}

function classAt(held: Given, card: Card, key: string): Value {
  const classes = held.ontologies[card.ontology]?.classes ?? [];
  const found = classes[Number(key) - 1];
  if (found !== undefined) return { class: found.name };
  throw new Fault('invalid', `there is no class with the key ${key}`, {
    place: 'answer',
    remedy: `The keys are 1 to ${classes.length}.`,
  });
}

function show(done: Given, options: ApiOptions, io: CliIo): void {
  printOne(done, options, io, () => {
    if (done.items.length === 0) return { none: 'there is nothing to answer for you now' };
    return done.items.map((card) => question(done, card)).join('\n');
  });
}

/** The question, where to look, and the keys. */
function question(done: Given, card: Card): string {
  const ontology = done.ontologies[card.ontology];
  const classes = ontology?.classes ?? [];
  const keys = classes.map(
    ({ name, says, attributes = [] }, i) =>
      `  ${i + 1}  ${name}${says === undefined ? '' : ` - ${says}`}${attributesText(attributes)}`,
  );
  const said = (card.answers ?? []).map(
    (one) => `  ${one.annotator}: ${JSON.stringify(one.value)}`,
  );
  return [
    `${card.id}  ${card.type} of ${ontology?.name ?? ''} on ${card.topic}`,
    ...(ontology?.guide === undefined ? [] : [ontology.guide]),
    ...(card.picture === undefined ? [] : [`picture  ${card.picture}`]),
    `clip     ${card.clip}`,
    ...(card.proposal === undefined ? [] : [`proposal ${JSON.stringify(card.proposal)}`]),
    ...(said.length === 0 ? [] : [`${card.why ?? 'people could not agree'}; you decide:`, ...said]),
    ...keys,
    '',
  ].join('\n');
}

type Attribute = NonNullable<Given['ontologies'][string]['classes'][number]['attributes']>[number];

/** What else may be said of a class, by a whole value. */
const attributesText = (attributes: readonly Attribute[]): string =>
  attributes.length === 0
    ? ''
    : `  {${attributes.map(({ name, kind, values }) => `${name}: ${values?.join('|') ?? kind}`).join(', ')}}`;

/** Key after key, until there is nothing left or q. */
function work(tasks: Command, io: CliIo): void {
  apiOptions(
    tasks
      .command('work')
      .description('Answer classifications key by key: 1-9, s skips, u takes back, q ends.'),
  ).action(async (options: ApiOptions) => {
    if (io.ask === undefined) {
      throw new Fault('invalid', 'there is no terminal to ask at', {
        remedy: 'Use `fieldloop tasks next` and `fieldloop tasks submit`.',
      });
    }
    const ask = io.ask.bind(io);
    const client = clientOf(options, io);
    const first = { count: 1, guide: true };
    let held = await answer(client.POST('/v1/tasks:next', { body: first }));
    for (let card = held.items[0]; card !== undefined; card = held.items[0]) {
      io.out(question(held, card));
      const started = performance.now();
      const key = (await ask('? ', false)).trim();
      if (key === 'q') return;
      try {
        held = await pressed(client, { held, card, key, started, ask });
      } catch (error) {
        if (!(error instanceof Fault) || !isSmall(error)) throw error;
        io.err(`${faultLine(error)}\n`);
        // What was held may be somebody else's by now.
        const again = { count: 1, guide: false };
        held = await answer(client.POST('/v1/tasks:next', { body: again }));
      }
    }
    io.err('there is nothing to answer for you now\n');
  });
}

/** A slip, or nothing to take back: no reason to leave off. */
const isSmall = ({ code }: Fault): boolean => code === 'invalid' || code === 'conflict';

interface Pressed {
  readonly held: Given;
  readonly card: Card;
  readonly key: string;
  readonly started: number;
  readonly ask: (question: string, isSecret: boolean) => Promise<string>;
}

async function pressed(client: Client, of: Pressed): Promise<Given> {
  const { held, card, key, started, ask } = of;
  const params = { path: { id: card.id } };
  const next = { count: 1, guide: false };
  if (key === 'u') return await answer(client.POST('/v1/tasks:undo', { body: { guide: false } }));
  if (key === 's') {
    const body = { reason: await ask('why? ', false), ...next };
    return await answer(client.POST('/v1/tasks/{id}:skip', { params, body }));
  }
  const value = /^[1-9]\d*$/.test(key) ? classAt(held, card, key) : { class: key };
  const seconds = Math.round(performance.now() - started) / 1000;
  const body = { ...value, seconds, ...next };
  return await answer(client.POST('/v1/tasks/{id}:submit', { params, body }));
}

const examples = `
Examples:
  fieldloop tasks next --guide
  fieldloop tasks submit tsk_01J… 2
  fieldloop tasks submit tsk_01J… left --seconds 1.4
  fieldloop tasks submit tsk_01J… --value '{"class": "person", "attributes": {"near": true}}'
  fieldloop tasks submit tsk_01J… --value '{"boxes": [{"class": "cart", "x": 1, "y": 2, "w": 30, "h": 40}]}'
  fieldloop tasks skip tsk_01J… --reason 'too dark'
  fieldloop tasks work
`;
