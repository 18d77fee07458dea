/** A document that a person wrote into a file, as the body of a request. */
import { readFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import type { CliIo } from './io.ts';
import { parseYaml } from './yaml.ts';

/** Of a YAML or JSON file, or of stdin for `-`. Faults `not_found`, `invalid` with the line. */
export async function readDocument(file: string, io: CliIo): Promise<object> {
  const value = parseYaml(await readText(file, io), file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Fault('invalid', 'the document is not a map', {
    place: file,
    remedy: 'Write one KEY: VALUE a line, or one JSON object.',
  });
}

export async function readText(file: string, io: CliIo): Promise<string> {
  if (file === '-') return (await io.readInput?.()) ?? '';
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Fault('not_found', 'the file cannot be read', {
      place: file,
      remedy: 'Check its path, or give the document on stdin with -.',
      cause: error,
    });
  }
}
