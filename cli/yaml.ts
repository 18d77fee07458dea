/** The door to YAML: the only file of this room that imports it. */
import { stringify } from 'yaml';

export const yamlText = (value: unknown): string => stringify(value, { lineWidth: 0 });
