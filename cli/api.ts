/** `fieldloop api`: any request of the API, for what has no command. */
import { readFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import { Command } from './commander.ts';
import { type CliIo, jsonText } from './io.ts';
import { type ApiOptions, apiOptions, clientOf } from './list.ts';

interface RequestOptions extends ApiOptions {
  readonly data?: string;
  readonly header?: readonly string[];
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export function apiCommand(io: CliIo): Command {
  const command = new Command('api')
    .description('Any request of the API.')
    .argument('<method>', methods.join(', '))
    .argument('<path>', 'from /v1 on, with its query')
    .option('--data <json>', 'the body: JSON, @FILE, or - for stdin')
    .option('--header <name: value...>', 'further headers, such as If-Match: "3"')
    .addHelpText('after', examples);
  return apiOptions(command).action(
    async (method: string, path: string, options: RequestOptions) => {
      const response = await clientOf(options, io).send(checkedPath(path), {
        method: checkedMethod(method),
        headers: { 'content-type': 'application/json', ...headersOf(options.header ?? []) },
        ...(options.data === undefined ? {} : { body: await bodyOf(options.data, io) }),
      });
      await print(response, io);
    },
  );
}

function checkedMethod(method: string): string {
  const wanted = method.toUpperCase();
  if (methods.includes(wanted)) return wanted;
  throw new Fault('invalid', `"${method}" is not a method of the API`, {
    remedy: `Use ${methods.join(', ')}, then a path such as /v1/clips.`,
  });
}

function checkedPath(path: string): string {
  if (path.startsWith('/')) return path;
  throw new Fault('invalid', `"${path}" is not a path`, {
    remedy: 'Write it from the slash on, such as /v1/clips; /openapi.json lists all.',
  });
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) return [name.toLowerCase(), value];
      throw new Fault('invalid', `"${line}" is not a header`, {
        place: '--header',
        remedy: 'Write NAME: VALUE.',
      });
    }),
  );
}

async function bodyOf(data: string, io: CliIo): Promise<string> {
  if (data === '-') return (await io.readInput?.()) ?? '';
  if (!data.startsWith('@')) return data;
  try {
    return await readFile(data.slice(1), 'utf8');
  } catch (error) {
    throw new Fault('not_found', 'the file of the body cannot be read', {
      place: data.slice(1),
      remedy: 'Check the path behind the @.',
      cause: error,
    });
  }
}

/** JSON indented, anything else as it comes. */
async function print(response: Response, io: CliIo): Promise<void> {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('json') && !type.includes('ndjson')) {
    io.out(jsonText(await response.json()));
    return;
  }
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) io.out(decoder.decode(part, { stream: true }));
}

const examples = `
Examples:
  fieldloop api GET '/v1/clips?limit=1'
  fieldloop api POST /v1/savedQueries --data '{"name":"night","source":"clips","q":"tag:night"}'
  fieldloop api GET '/v1/stream?topics=clips'
`;
