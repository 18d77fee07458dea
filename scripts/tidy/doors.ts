/** Law 3: one third-party package, one file that imports it. A package missing here fails. */
import { packageOf } from './rooms.ts';
import { type Complaint, type Law, lineAt } from './tree.ts';

/** Package to the files that may import it, tests aside. `*` stands for one path segment. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  '@bufbuild/cel': ['rules/cel/parse.ts'],
  '@hono/node-server': ['cloud/http/serve.ts'],
  aedes: ['cloud/broker/aedes.ts'],
  'better-sqlite3': ['agent/buffer/sqlite.ts', 'cloud/store/sqlite.ts'],
  mqtt: ['agent/uplink/mqtt.ts'],
  'onnxruntime-node': ['agent/score/onnx.ts'],
  'oxc-parser': ['scripts/tidy/syntax.ts'],
  pino: ['core/system.ts'],
  protobufjs: ['recording/schema/protobuf.ts', 'learning/onnx-file.ts'],
  sharp: ['agent/score/image.ts', 'sim/jpeg.ts'],
  'zstd-napi': ['recording/codec/zstd.ts'],
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
