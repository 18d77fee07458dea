/**
 * How far a session was read, as a document outside of this process: the place in its files, the
 * channels they defined, and what the timeline was. A place that is not understood is none.
 */
import type { Json } from '@fieldloop/core';
import { type Channel, type Schema, schemaKey } from '@fieldloop/recording';
import { maxPlaceBytes } from '../limits.ts';

/** `get` and `save` answer after earlier results are durable. */
export interface Positions {
  get(key: string): Promise<Json | undefined>;
  save(key: string, document: Json): Promise<void>;
  /** Of recordings of this folder at other paths not every position is needed. */
  keep(folder: string, paths: readonly string[]): Promise<void>;
}

/** One file of a session. */
export interface PlacedFile {
  /** Of its split; 0 for a recording that is not split. */
  readonly index: number;
  /**
   * The time in its name, if any: two recordings may differ in nothing else. Places of earlier
   * agents do not know it.
   */
  readonly begun: string | undefined;
  /** What its first messages hash to: another recording may come under the same name. */
  readonly opening: string;
  readonly channels: readonly { readonly channel: Channel; readonly id: number }[];
}

export interface Place {
  readonly sessionId: string;
  readonly profile: string;
  readonly live: boolean;
  /** Files from the one where the window begins to the one at work. */
  readonly files: readonly PlacedFile[];
  /** In the last of `files`. */
  readonly offset: number;
  /** That file has come to its end. */
  readonly isDone: boolean;
  /** Schemas before it that no channel names yet. */
  readonly spare: readonly Schema[];
  /** In the first of `files`: what stands between here and `offset` fills the window again. */
  readonly warmOffset: number;
  readonly state: Json;
  /** Its session is over, and only what that file brings after all goes on with it. */
  readonly rests?: boolean;
}

const version = 1;

/** Undefined when it is too large to be kept; `savedMs` tells old places from new ones. */
export function placeDocument(place: Place, savedMs: number): Json | undefined {
  const schemas = new Map<string, Json>();
  const files = place.files.map(({ index, begun, opening, channels }) => ({
    index,
    begun,
    opening,
    channels: channels.map(({ channel, id }) => channelDocument(channel, id, schemas)),
  }));
  const spare = place.spare.map(savedSchema);
  const document = {
    version,
    savedMs,
    ...place,
    files,
    spare,
    schemas: Object.fromEntries(schemas),
  };
  return JSON.stringify(document).length > maxPlaceBytes ? undefined : document;
}

function channelDocument(channel: Channel, as: number, schemas: Map<string, Json>): Json {
  const { id, topic, messageEncoding, metadata, latched, schema } = channel;
  const given = { id, as, topic, messageEncoding, metadata: Object.fromEntries(metadata), latched };
  if (schema === undefined) return given;
  const key = schemaKey(schema);
  const { id: schemaId, ...shared } = savedSchema(schema);
  if (!schemas.has(key)) schemas.set(key, shared);
  return { ...given, schema: key, ...(schemaId === undefined ? {} : { schemaId }) };
}

type SavedSchema = {
  readonly id?: number;
  readonly name: string;
  readonly encoding: string;
  readonly data: string;
};

function savedSchema({ id, name, encoding, data }: Schema): SavedSchema {
  const saved = { name, encoding, data: Buffer.from(data).toString('base64') };
  return id === undefined ? saved : { id, ...saved };
}

const schemaOf = ({ data, ...rest }: SavedSchema): Schema => ({
  ...rest,
  data: new Uint8Array(Buffer.from(data, 'base64')),
});

interface SavedChannel {
  readonly id: number;
  readonly as: number;
  readonly topic: string;
  readonly messageEncoding: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly latched: boolean;
  readonly schema?: string;
  readonly schemaId?: number;
}

interface SavedPlace extends Omit<Place, 'files' | 'spare'> {
  readonly version: number;
  readonly savedMs?: number;
  readonly spare?: readonly SavedSchema[];
  readonly files: readonly (Omit<PlacedFile, 'begun' | 'channels'> & {
    readonly begun?: string;
    readonly channels: readonly SavedChannel[];
  })[];
  readonly schemas: Readonly<Record<string, SavedSchema>>;
}

/** Undefined for the place of a session that is over, and for documents of another version. */
export function placeOf(document: Json | undefined): Place | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const head = document as { readonly version?: unknown; readonly over?: unknown };
  if (head.version !== version || head.over === true) return undefined;
  const {
    version: _,
    savedMs: _when,
    schemas,
    files,
    spare = [],
    ...rest
  } = document as unknown as SavedPlace;
  const shared = new Map(Object.entries(schemas).map(([key, one]) => [key, schemaOf(one)]));
  return {
    ...rest,
    spare: spare.map(schemaOf),
    files: files.map(({ channels, begun, ...file }) => ({
      ...file,
      begun,
      channels: channels.map(({ as, schema: key, schemaId, metadata, ...channel }) => {
        const bare = key === undefined ? undefined : shared.get(key);
        const schema =
          bare === undefined || schemaId === undefined ? bare : { ...bare, id: schemaId };
        const whole = { ...channel, metadata: new Map(Object.entries(metadata)), schema };
        return { channel: whole, id: as };
      }),
    })),
  };
}

/** The session ended: its next file, if one ever comes, is another session. */
export const placeOver: Json = { version, over: true };

/** The place that was kept, from now on for its file alone. */
export function placeAtRest(kept: Json | undefined): Place | 'over' {
  const place = placeOf(kept);
  return place === undefined ? 'over' : { ...place, rests: true };
}
