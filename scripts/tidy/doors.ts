/** Law 3: one third-party package, one file that imports it. A package missing here fails. */
import { packageOf } from './rooms.ts';
import { type Complaint, type Law, lineAt } from './tree.ts';

/** Package to the files that may import it, tests aside. `*` stands for one path segment. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  '@bufbuild/cel': ['rules/cel/parse.ts'],
  '@bufbuild/cel-spec': ['rules/cel/parse.ts'],
  '@bufbuild/re2': ['rules/cel/pattern.ts'],
  '@foxglove/message-definition': ['recording/schema/definition.ts'],
  '@foxglove/ros2idl-parser': ['recording/schema/ros2idl.ts'],
  '@foxglove/rosbag': ['recording/rosbag1/foxglove.ts'],
  // The generator and the rival of a bench are themselves what is measured against.
  '@foxglove/rosmsg': ['recording/schema/rosmsg.ts', 'bench/generate.ts', 'bench/rival.ts'],
  '@foxglove/rosmsg-serialization': ['recording/schema/ros1-decode.ts'],
  '@foxglove/rosmsg2-serialization': [
    'recording/schema/cdr-decode.ts',
    'bench/generate.ts',
    'bench/rival.ts',
  ],
  '@foxglove/wasm-bz2': ['recording/codec/bz2.ts'],
  '@foxglove/wasm-lz4': ['recording/codec/lz4.ts', 'e2e/verify.ts'],
  '@hono/node-server': ['cloud/http/serve.ts'],
  '@hono/zod-openapi': ['cloud/http/openapi.ts'],
  '@mcap/core': [
    'recording/mcap/core.ts',
    'sim/mcap-file.ts',
    'e2e/verify.ts',
    'bench/generate.ts',
    'bench/rival.ts',
    'bench/agent/tail-writer.ts',
    'bench/flywheel/recording.ts',
  ],
  '@node-rs/crc32': ['recording/codec/crc.ts'],
  '@opentelemetry/api': ['cloud/http/traces.ts'],
  '@opentelemetry/exporter-trace-otlp-http': ['cloud/http/traces.ts'],
  '@opentelemetry/resources': ['cloud/http/traces.ts'],
  '@opentelemetry/sdk-trace': ['cloud/http/traces.ts'],
  '@peculiar/x509': ['agent/enroll/x509.ts', 'cloud/auth/x509.ts'],
  '@rgrove/parse-xml': ['cloud/annotation/xml.ts'],
  aedes: ['cloud/broker/aedes.ts'],
  'better-sqlite3': ['agent/buffer/sqlite.ts', 'cloud/store/sqlite-file.ts'],
  'client-zip': ['cloud/blob/zip.ts'],
  commander: ['agent/commander.ts', 'cli/commander.ts', 'sim/commander.ts'],
  croner: ['cloud/workflows/kit/cron.ts'],
  esbuild: ['e2e/agent-bundle.ts'],
  hono: ['cloud/http/hono.ts'],
  'hyparquet-writer': ['cloud/dataset/parquet.ts'],
  kysely: ['cloud/store/kysely.ts'],
  long: ['proto/codec-fields.ts', 'proto/generated/wire.d.ts'],
  mqtt: ['agent/uplink/mqtt.ts'],
  nodemailer: ['cloud/channel/mail.ts'],
  'onnxruntime-node': ['agent/score/onnx.ts', 'e2e/mobilenet.ts', 'cloud/training/onnx.ts'],
  'openid-client': ['cloud/auth/oidc-client.ts'],
  openworkflow: ['cloud/workflows/engine.ts'],
  'openapi-fetch': ['cli/client.ts'],
  'oxc-parser': ['scripts/tidy/syntax.ts'],
  papaparse: ['bench/flywheel/csv.ts'],
  pg: ['cloud/store/postgres.ts'],
  pino: ['core/system.ts'],
  'prom-client': ['cloud/http/metrics.ts'],
  protobufjs: [
    'proto/generated/wire.d.ts',
    'proto/generated/wire.js',
    'recording/schema/protobuf.ts',
    'learning/onnx-file.ts',
  ],
  'reflect-metadata': ['agent/enroll/x509.ts', 'cloud/auth/x509.ts'],
  sharp: ['agent/score/image.ts', 'cloud/blob/recordings/image.ts', 'sim/jpeg.ts'],
  yaml: [
    'agent/document.ts',
    'cli/yaml.ts',
    'cloud/config.ts',
    'cloud/http/yaml-document.ts',
    'rules/yaml-source.ts',
  ],
  'zstd-napi': ['recording/codec/zstd.ts', 'bench/generate.ts', 'bench/rival.ts'],
  // Each schema imports it as a namespace: passed on by one file, bundles hold all its locales.
  zod: [
    'agent/config.ts',
    'agent/document.ts',
    'agent/redaction-config.ts',
    'agent/source-config.ts',
    'agent/uplink-config.ts',
    'learning/model-document.ts',
    'learning/model-input.ts',
    'learning/model-output.ts',
    'learning/schema.ts',
    'proto/command.ts',
    'proto/manifest.ts',
    'proto/models-report.ts',
    'proto/reported.ts',
    'proto/rules-report.ts',
    'rules/rule-schema.ts',
    'rules/schema.ts',
    'rules/schema-parts.ts',
  ],
};

export const doorsLaw: Law = (tree) => {
  const complaints: Complaint[] = [];
  for (const file of tree.sources) {
    if (file.room === '') continue;
    for (const { from, start } of file.imports) {
      const name = packageOf(from);
      if (name === undefined || name.startsWith('@fieldloop/')) continue;
      if (file.isTest && tree.packages.get(file.room)?.dependencies.has(name)) continue;
      if (file.isTest && tree.packages.get('')?.dependencies.has(name)) continue;
      const allowed = doors[name];
      if (allowed?.some((door) => matches(door, file.path)) === true) continue;
      const message =
        allowed === undefined
          ? `${name} has no door in scripts/tidy/doors.ts`
          : `${name} is imported outside its door ${allowed.join(', ')}`;
      complaints.push({
        law: 'doors',
        path: file.path,
        line: lineAt(file, start),
        message,
        remedy: 'Use the door, or list a new one with its reason.',
      });
    }
  }
  return complaints;
};

function matches(door: string, path: string): boolean {
  const pattern = door.split('/');
  const parts = path.split('/');
  return pattern.length === parts.length && pattern.every((p, i) => p === '*' || p === parts[i]);
}
