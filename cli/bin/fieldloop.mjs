#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '@fieldloop/core/launch';

await launch(join(dirname(realpathSync(fileURLToPath(import.meta.url))), '..', 'main.ts'));
