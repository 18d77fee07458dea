/** The door to YAML: the only file of this room that imports it. */
import { Fault } from '@fieldloop/core';
import { parseDocument, stringify } from 'yaml';

export const yamlText = (value: unknown): string => stringify(value, { lineWidth: 0 });

/** A YAML or JSON document. Fault `invalid` with its line. */
export function parseYaml(text: string, file: string): unknown {
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken === undefined) return document.toJS() as unknown;
  const line = broken.linePos?.[0];
  throw new Fault('invalid', `this is not YAML: ${broken.message.split('\n')[0] ?? ''}`, {
    place: line === undefined ? file : `${file}:${line.line}:${line.col}`,
    remedy: 'Write one KEY: VALUE a line, or JSON.',
    cause: broken,
  });
}
