#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '@fieldloop/core/launch';
import { robotBounds } from './bounds.mjs';

const entry = join(dirname(realpathSync(fileURLToPath(import.meta.url))), '..', 'cli.ts');
await launch(entry, process.argv.slice(2), robotBounds);
