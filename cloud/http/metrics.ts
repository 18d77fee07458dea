/** Figures of this process for Prometheus: the only file that imports prom-client. */
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Answered } from './app.ts';

export interface Metrics {
  answered(answer: Answered): void;
  /** A statement on the database took this long. */
  queried(connection: 'read' | 'write', ms: number): void;
  /** A figure that is asked for when the metrics are read; undefined: not known now. */
  gauge(name: string, help: string, read: () => Promise<number | undefined>): void;
  /** The text form of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const queryBuckets = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 2];

export function openMetrics(labels: { readonly role: string }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  // CPU, memory, garbage collection and the lag of the event loop.
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'fieldloop_http_request_duration_seconds',
    help: 'Time to answer, by operation of the API.',
    labelNames: ['operation', 'method', 'status'],
    buckets: requestBuckets,
    registers: [registry],
  });
  const queries = new Histogram({
    name: 'fieldloop_store_query_duration_seconds',
    help: 'Time of one statement on the database.',
    labelNames: ['connection'],
    buckets: queryBuckets,
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    answered({ operation, method, status, ms }) {
      requests.observe({ operation, method, status }, ms / 1000);
    },
    queried(connection, ms) {
      queries.observe({ connection }, ms / 1000);
    },
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers: [registry],
        async collect() {
          const value = await read();
          if (value !== undefined) gauge.set(value);
        },
      });
    },
    text: async () => await registry.metrics(),
  };
}
