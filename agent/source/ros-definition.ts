/** Message definitions as an installed ROS 2 has them, put together as MCAP wants them. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { maxRosDefinitionBytes, maxRosDefinitions } from '../limits.ts';

const separator = '='.repeat(80);
const builtin =
  /^(bool|byte|char|float32|float64|u?int(8|16|32|64)|w?string)(<=\d+)?(\[(<=)?\d*\])?$/;

/**
 * The text of `package/msg/Type` and, behind it, of each type that it refers to. Undefined when
 * one of them is not there.
 */
export async function findDefinition(
  type: string,
  prefixes: readonly string[],
): Promise<string | undefined> {
  const [first] = type.split('/');
  const found = new Map<string, string>();
  const open = [type];
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (found.has(name)) continue;
    const text = await textOf(name, prefixes);
    if (text === undefined || found.size >= maxRosDefinitions) return undefined;
    found.set(name, text);
    open.push(...referred(text, name.split('/')[0] ?? first ?? ''));
  }
  const [own = '', ...others] = [...found].map(([name, text]) =>
    name === type ? text : `${separator}\nMSG: ${name.replace('/msg/', '/')}\n${text}`,
  );
  return [own, ...others].join('\n');
}

/** Types of fields that are messages, as `package/msg/Type`. */
function referred(text: string, ownPackage: string): string[] {
  const types: string[] = [];
  for (const line of text.split('\n')) {
    const [type, name = ''] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (type === undefined || type === '' || name === '' || builtin.test(type)) continue;
    const bare = type.replace(/\[.*\]$/, '');
    const parts = bare.split('/').filter((part) => part !== 'msg');
    if (parts.length === 1) types.push(`${ownPackage}/msg/${parts[0] ?? ''}`);
    else types.push(`${parts[0] ?? ''}/msg/${parts[1] ?? ''}`);
  }
  return types;
}

async function textOf(type: string, prefixes: readonly string[]): Promise<string | undefined> {
  const [room = '', kind = '', name = ''] = type.split('/');
  if (![room, kind, name].every((part) => /^\w+$/.test(part))) return undefined;
  for (const prefix of prefixes) {
    const path = join(prefix, 'share', room, kind, `${name}.msg`);
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile() !== true || status.size > maxRosDefinitionBytes) continue;
    return readFile(path, 'utf8');
  }
  return undefined;
}
