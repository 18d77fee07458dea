/** The one door to Parquet: tables with an explicit schema; nothing is guessed of values. */
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { parquetRowGroup } from '../dataset-limits.ts';

/** `floats` and `texts` are lists; `image` is a struct of bytes and path. */
export type ColumnType =
  | 'int64'
  | 'float'
  | 'double'
  | 'text'
  | 'floats'
  | 'doubles'
  | 'texts'
  | 'image';

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export interface ImageCell {
  readonly bytes: Uint8Array;
  readonly path: string;
}

export type Cell = bigint | number | string | readonly number[] | readonly string[] | ImageCell;

/** A file of these rows, one cell a column; `metadata` stands beside the schema. */
export async function parquetFile(
  columns: readonly TableColumn[],
  rows: readonly (readonly Cell[])[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const writer = new ByteWriter();
  const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: 'schema', num_children: columns.length },
      ...columns.flatMap((column) => elements(column)),
    ],
    createdBy: 'fieldloop',
    ...(kvMetadata.length === 0 ? {} : { kvMetadata }),
  });
  if (rows.length > 0) {
    await file.write({
      columnData: columns.map(({ name }, i) => ({ name, data: rows.map((row) => row[i]) })),
      rowGroupSize: parquetRowGroup,
    });
  }
  await file.finish();
  return new Uint8Array(writer.getBuffer());
}

const scalars = {
  int64: { type: 'INT64' },
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
} as const;

function elements({ name, type }: TableColumn): SchemaElement[] {
  switch (type) {
    case 'int64':
    case 'float':
    case 'double':
    case 'text':
      return [{ name, ...scalars[type], repetition_type: 'OPTIONAL' }];
    case 'floats':
      return list(name, scalars.float);
    case 'doubles':
      return list(name, scalars.double);
    case 'texts':
      return list(name, scalars.text);
    case 'image':
      return [
        { name, repetition_type: 'OPTIONAL', num_children: 2 },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', ...scalars.text, repetition_type: 'OPTIONAL' },
      ];
  }
}

const list = (name: string, of: (typeof scalars)[keyof typeof scalars]): SchemaElement[] => [
  { name, converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', ...of, repetition_type: 'OPTIONAL' },
];
