/**
 * Goal: a connection that the cloud closed while nobody used it costs no command.
 * Method: a server that answers the first request and then closes the connection under the second.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openClient } from './client.ts';

/** Requests that came, and a client of the server; each connection bears `most` of them. */
async function serve(most: number) {
  const came: string[] = [];
  const server = createServer((request, response) => {
    came.push(request.method ?? '');
    const socket = request.socket as typeof request.socket & { served?: number };
    socket.served = (socket.served ?? 0) + 1;
    if (socket.served > most) socket.destroy();
    else response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = openClient({ url: `http://127.0.0.1:${port}`, key: undefined });
  return {
    came,
    ask: async (method: string) => {
      const response = await client.send('/v1/clips', { method });
      const text = await response.text();
      // The connection is free for the next request a moment later.
      await delay(20);
      return text;
    },
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('a read is sent again on a connection of its own', async () => {
  using cloud = await serve(1);
  expect([await cloud.ask('GET'), await cloud.ask('GET')]).toEqual(['{}', '{}']);
  expect(cloud.came).toEqual(['GET', 'GET', 'GET']);
});

test('what may have been done is not sent again, and a cloud that always closes is told of', async () => {
  using once = await serve(1);
  await once.ask('GET');
  await expect(once.ask('POST')).rejects.toMatchObject({ code: 'unavailable' });
  expect(once.came).toEqual(['GET', 'POST']);
  using never = await serve(0);
  await expect(never.ask('GET')).rejects.toMatchObject({ code: 'unavailable' });
  expect(never.came).toEqual(['GET', 'GET']);
});
