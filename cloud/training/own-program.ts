/** How programs of this room run in processes of their own. */
import { getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Compiled code is kept; ONNX Runtime does not speak to its maker. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  const cache = getCompileCacheDir();
  return {
    ORT_DISABLE_TELEMETRY: '1',
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
  };
}

export const builtinCommand = {
  command: [process.execPath, fileURLToPath(new URL('./builtin/main.ts', import.meta.url))],
  environment: ownEnvironment(),
} as const;
