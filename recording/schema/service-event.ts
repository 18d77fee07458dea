/**
 * rosbag2 records service events (`X_Event`) with the text of the service, request and response
 * around `---`. The event message itself is fixed by rosidl (rosidl_parser, `Service`): an info,
 * and at most one of each.
 */
const eventInfo = `MSG: service_msgs/ServiceEventInfo
uint8 event_type
builtin_interfaces/Time stamp
uint8[16] client_gid
int64 sequence_number
`;

const separator = '='.repeat(80);

/** The definition of the event message; the text itself when it is no service. */
export function serviceEventText(text: string, schemaName: string): string {
  if (!schemaName.endsWith('_Event') || !/^---\s*$/m.test(text)) return text;
  const service = schemaName.slice(0, -'_Event'.length);
  const [own = '', ...parts] = text.split(/^={3,}\s*$/m);
  const [request = '', response = ''] = own.split(/^---\s*$/m);
  const hasInfo = parts.some((part) =>
    /^\s*MSG: service_msgs\/(msg\/)?ServiceEventInfo/.test(part),
  );
  return [
    'service_msgs/ServiceEventInfo info\n' +
      `${service}_Request[<=1] request\n${service}_Response[<=1] response`,
    `MSG: ${service}_Request\n${request}`,
    `MSG: ${service}_Response\n${response}`,
    ...parts,
    ...(hasInfo ? [] : [eventInfo]),
  ].join(`\n${separator}\n`);
}
