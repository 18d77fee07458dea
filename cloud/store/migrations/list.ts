import { nouns } from './0001-nouns.ts';
import { wire } from './0002-wire.ts';
import type { Migration } from './migration.ts';

/** All steps, oldest first. */
export const migrations: readonly Migration[] = [nouns, wire];
