/** Notices a topic whose messages have another schema than before. */
import { type Channel, type Schema, schemaKey } from '@fieldloop/recording';

export interface SchemaWatch {
  /** What changed, in words; undefined when nothing did. */
  take(channel: Channel): string | undefined;
  /** Another session begins. */
  clear(): void;
}

export function openSchemaWatch(): SchemaWatch {
  const known = new Map<string, { readonly key: string; readonly name: string }>();
  return {
    take({ topic, messageEncoding, schema }) {
      const before = known.get(topic);
      const key = `${messageEncoding} ${schema === undefined ? '' : schemaKey(schema)}`;
      const name = nameOf(schema, messageEncoding);
      known.set(topic, { key, name });
      if (before === undefined || before.key === key) return undefined;
      const change =
        before.name === name ? `another definition of ${name}` : `${name} after ${before.name}`;
      return `${topic} has ${change}; its fields are read by the new one from here on`;
    },
    clear: () => known.clear(),
  };
}

const nameOf = (schema: Schema | undefined, messageEncoding: string): string =>
  schema === undefined ? `${messageEncoding} without a schema` : schema.name;
