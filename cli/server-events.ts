/** Server-sent events of a body, as they come (WHATWG HTML, 9.2). */
export interface ServerEvent {
  readonly id: string;
  readonly kind: string;
  readonly data: string;
}

export async function* serverEvents(
  body: AsyncIterable<Uint8Array> | null,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of body ?? []) {
    rest += decoder.decode(part, { stream: true }).replaceAll('\r\n', '\n');
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const event = eventOf(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (event !== undefined) yield event;
    }
  }
}

/** Comments are beats that keep the line open; they are passed over. */
function eventOf(text: string): ServerEvent | undefined {
  let id = '';
  let kind = 'message';
  const data: string[] = [];
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name === 'id') id = value;
    if (name === 'event') kind = value;
    if (name === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { id, kind, data: data.join('\n') };
}
