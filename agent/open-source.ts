/** From what is configured to what is read. */
import { dirname } from 'node:path';
import type { Clock, Ids, Json, Log, Random } from '@fieldloop/core';
import type { OpenOutlet } from './outlet.ts';
import type { SourceConfig } from './source-config.ts';
import { fileSource } from './source/file.ts';
import { folderSource } from './source/folder.ts';
import { foxgloveSource } from './source/foxglove.ts';
import { prefixed, unprefixed } from './source/prefix.ts';
import { openRclnodejs } from './source/rclnodejs.ts';
import { ros2Source } from './source/ros2.ts';
import { simSource } from './source/sim.ts';
import type { Source } from './source/source.ts';
import type { Wanted } from './source/wanted.ts';

export interface OpenSourceDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  readonly outlet: Pick<OpenOutlet, 'getPosition' | 'savePosition' | 'keepPositions'>;
  /** Topics as rules name them. */
  readonly wanted: Wanted;
}

/** `about.partPath`: where clips are written, whose files are no recordings. */
export function openSource(
  config: SourceConfig,
  about: { readonly device: string; readonly partPath: string },
  deps: OpenSourceDeps,
): Source {
  return { ...openNamed(config, about, deps), latenessNs: config.latenessNs };
}

function openNamed(
  config: SourceConfig,
  about: { readonly device: string; readonly partPath: string },
  deps: OpenSourceDeps,
): Source {
  const { prefix } = config;
  if (prefix === undefined) return openPlain(config, about, deps);
  const { wanted } = deps;
  const own: Wanted = {
    get version() {
      return wanted.version;
    },
    has: unprefixed((topic) => wanted.has(topic), prefix),
  };
  return prefixed(openPlain(config, about, { ...deps, wanted: own }), prefix);
}

function openPlain(
  config: SourceConfig,
  { device, partPath }: { readonly device: string; readonly partPath: string },
  deps: OpenSourceDeps,
): Source {
  switch (config.kind) {
    case 'file':
      return fileSource({ ...config, device }, deps);
    case 'folder': {
      const { outlet } = deps;
      const positions = {
        get: (key: string) => outlet.getPosition(key),
        save: (key: string, document: Json) => outlet.savePosition(key, document),
        keep: (folder: string, paths: readonly string[]) => outlet.keepPositions(folder, paths),
      };
      const except = dirname(dirname(partPath));
      return folderSource({ ...config, device, except }, { ...deps, positions });
    }
    case 'sim':
      return simSource(config, deps);
    case 'foxglove':
      return foxgloveSource(config, deps);
    case 'ros2':
      return ros2Source(config, { ...deps, openGraph: openRclnodejs });
  }
}
