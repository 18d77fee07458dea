/**
 * Traces for OpenTelemetry, off unless OTEL_EXPORTER_OTLP_ENDPOINT names a collector: one span an
 * answered request, a child of the caller's span when it sent a `traceparent` (W3C Trace Context).
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Answered } from './app.ts';

export interface Traces extends AsyncDisposable {
  answered(answer: Answered): void;
}

export interface TraceOptions {
  /** Of the collector: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly version: string;
  readonly role: string;
  readonly now: () => number;
}

export function openTraces({ endpoint, version, role, now }: TraceOptions): Traces {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'fieldloop',
      'service.version': version,
      'fieldloop.role': role,
    }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('fieldloop');
  return {
    answered({ operation, method, status, ms, requestId, traceparent }) {
      const end = now();
      const attributes = {
        'http.request.method': method,
        'http.response.status_code': status,
        'fieldloop.operation': operation,
        'fieldloop.request_id': requestId,
      };
      const kind = SpanKind.SERVER;
      const startTime = end - ms;
      const span = tracer.startSpan(
        operation,
        { kind, attributes, startTime },
        parent(traceparent),
      );
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(end);
    },
    async [Symbol.asyncDispose]() {
      await provider.shutdown();
    },
  };
}

/** `00-<trace id>-<span id>-<flags>`; another form has no parent. */
function parent(traceparent: string | undefined): Context {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '');
  if (match === null) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = '00'] = match;
  const traceFlags = Number.parseInt(flags, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
