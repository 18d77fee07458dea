/**
 * Goal: what is written as Parquet is what another reader reads, whole numbers and lists included.
 * Method: a table of every kind of column, read back by hyparquet.
 */
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { type Cell, parquetFile, type TableColumn } from './parquet.ts';

test('every kind of column is read back', async () => {
  const columns: TableColumn[] = [
    { name: 'index', type: 'int64' },
    { name: 'timestamp', type: 'float' },
    { name: 'stats', type: 'doubles' },
    { name: 'observation.state', type: 'floats' },
    { name: 'task', type: 'text' },
    { name: 'tasks', type: 'texts' },
    { name: 'observation.images.front', type: 'image' },
  ];
  const rows: Cell[][] = [0, 1, 2].map((i) => [
    BigInt(i) + 2n ** 53n,
    i / 4,
    [i / 10, 1e-9],
    i === 1 ? [] : [i, i + 0.5],
    `t${i}`,
    [`a${i}`, 'b'],
    { bytes: new Uint8Array([1, 2, i]), path: `f${i}.jpg` },
  ]);
  const file = await parquetFile(columns, rows, { pandas: '{"index_columns": ["task"]}' });
  const buffer = file.slice().buffer;
  const read = await parquetReadObjects({ file: buffer, utf8: false });
  expect(read).toHaveLength(3);
  expect(read[2]).toEqual({
    index: 2n ** 53n + 2n,
    timestamp: 0.5,
    stats: [0.2, 1e-9],
    'observation.state': [2, 2.5],
    task: 't2',
    tasks: ['a2', 'b'],
    'observation.images.front': { bytes: new Uint8Array([1, 2, 2]), path: 'f2.jpg' },
  });
  expect(read[1]?.['observation.state']).toEqual([]);
  const { key_value_metadata: pairs, schema } = parquetMetadata(buffer);
  expect(pairs).toEqual([{ key: 'pandas', value: '{"index_columns": ["task"]}' }]);
  expect(schema.find(({ name }) => name === 'index')?.type).toBe('INT64');
});
