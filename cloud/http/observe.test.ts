/**
 * Goal: an operator's Prometheus and tracing see what the API did.
 * Method: real requests, the text that Prometheus reads, and a collector that listens for spans.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Answered } from './app.ts';
import { openMetrics } from './metrics.ts';
import { openTraces } from './traces.ts';

const answered: Answered = {
  operation: 'listClips',
  method: 'GET',
  status: 200,
  ms: 20,
  requestId: 'req_1',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};

test('metrics tell rate, errors and duration of each operation, and what is asked for', async () => {
  const metrics = openMetrics({ role: 'api' });
  metrics.answered(answered);
  metrics.answered({ ...answered, status: 500, ms: 2000 });
  metrics.queried('read', 3);
  let clients: number | undefined = 7;
  metrics.gauge('fieldloop_stream_clients', 'Clients.', async () => await Promise.resolve(clients));
  const text = await metrics.text();
  const lines = text.split('\n');
  const bucket = 'fieldloop_http_request_duration_seconds';
  expect(lines).toContain(
    `${bucket}_count{role="api",operation="listClips",method="GET",status="200"} 1`,
  );
  expect(lines).toContain(
    `${bucket}_bucket{le="1",role="api",operation="listClips",method="GET",status="500"} 0`,
  );
  expect(lines).toContain('fieldloop_stream_clients{role="api"} 7');
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds\{/m);
  clients = undefined;
  expect(await metrics.text()).toContain('fieldloop_store_query_duration_seconds_count');
});

test('each answer is a span below the span of its caller', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      bodies.push(`${request.url} ${text}`);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const traces = openTraces({ endpoint, version: '1', role: 'api', now: () => 1_700_000_000_000 });
  traces.answered(answered);
  await traces[Symbol.asyncDispose]();
  collector.close();
  const [body = ''] = bodies;
  expect(body.startsWith('/v1/traces ')).toBe(true);
  const sent = JSON.parse(body.slice('/v1/traces '.length)) as {
    resourceSpans: { scopeSpans: { spans: object[] }[] }[];
  };
  expect(sent.resourceSpans[0]?.scopeSpans[0]?.spans[0]).toMatchObject({
    name: 'listClips',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpanId: '00f067aa0ba902b7',
    startTimeUnixNano: '1699999999980000000',
    endTimeUnixNano: '1700000000000000000',
  });
});
