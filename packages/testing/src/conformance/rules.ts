/** Everything that is checked: what must hold, and what to do where it does not. */
export const RULES = {
  'control-answers': {
    holds: 'each of the nine discovery subjects is answered by the instance, once',
    fix: 'subscribe $SRV.<VERB>, $SRV.<VERB>.<name> and $SRV.<VERB>.<name>.<id> for PING, INFO and STATS, and answer each request once, even when a stats handler fails',
  },
  'control-prompt': {
    holds: 'discovery is answered within 300 ms',
    fix: 'answer discovery before anything else: tools stop listening 300 ms after the latest reply',
  },
  'control-any-body': {
    holds: 'an empty body, {}, junk, headers and large bodies all get the normal reply',
    fix: 'ignore payload and headers of discovery requests',
  },
  'control-no-reply-subject': {
    holds: 'a discovery request without a reply subject is ignored',
    fix: 'return when the message has no reply subject',
  },
  'control-unknown': {
    holds: 'unknown verbs, other cases and unknown ids are not answered',
    fix: 'subscribe the nine subjects verbatim, without wildcards',
  },
  'control-no-headers': {
    holds: 'discovery replies carry no headers',
    fix: 'publish discovery replies with a body alone',
  },
  'control-no-queue-group': {
    holds: 'discovery is subscribed in no queue group',
    fix: 'subscribe the discovery subjects plainly: in a queue group only one instance would be found',
  },
  'control-schema': {
    holds: 'discovery replies keep the JSON Schemas of NATS',
    fix: 'send the fields as ADR-32 has them: the nats command refuses replies that break its schemas',
  },
  identity: {
    holds: 'name, id, version and metadata are the same in every reply',
    fix: 'decide them once, when the instance starts, and copy metadata that is passed in',
  },
  'unique-id': {
    holds: 'instances have different ids',
    fix: 'make a new NUID for each instance',
  },
  'id-nuid': {
    holds: 'the id is a NUID: 22 letters and digits',
    fix: 'make the id with the NUID generator of the client library',
  },
  'service-name': {
    holds: 'the name holds only letters, digits, "_" and "-"',
    fix: 'rename the service',
  },
  version: {
    holds: 'the version is SemVer 2.0.0',
    fix: 'write the version as 1.0.0, without "v" and without leading zeros',
  },
  metadata: {
    holds: 'metadata is an object of strings, {} when unset, without keys that begin with "_nats"',
    fix: 'send {} where there is no metadata, and strings as values',
  },
  endpoints: {
    holds: 'there is at least one endpoint, in an array',
    fix: 'send endpoints as an array, and serve at least one',
  },
  'endpoint-name': {
    holds: 'endpoint names hold only letters, digits, "_" and "-"',
    fix: 'rename the endpoint, and give it a subject of its own if the subject is to stay',
  },
  'endpoint-subject': {
    holds: 'endpoint subjects are valid subjects',
    fix: 'join tokens with ".", without blanks; "*" as a whole token, ">" as the last',
  },
  'queue-group': {
    holds: 'each endpoint says its queue group in INFO and STATS, "" for none',
    fix: 'add queue_group to each endpoint',
  },
  'shared-messages': {
    holds: 'no other endpoint takes messages away: overlapping subjects have different queue groups',
    fix: 'give one of the two another queue group, or a subject of its own',
  },
  'stats-endpoints': {
    holds: 'STATS lists the endpoints that INFO lists',
    fix: 'list each endpoint in both, as soon as it is added',
  },
  'stats-integers': {
    holds: 'counters and times are whole numbers, not negative',
    fix: 'round times to whole nanoseconds: one fraction makes the nats command fail for every service of its report',
  },
  'stats-average': {
    holds: 'average_processing_time is floor(processing_time / num_requests)',
    fix: 'compute the average when STATS is asked for, rounded down',
  },
  'stats-last-error': {
    holds: 'last_error is a string: "" for none, else <code>:<description>',
    fix: 'send "" until there is an error, and keep the latest one afterwards',
  },
  'stats-started': {
    holds: 'started is a time in UTC by RFC 3339',
    fix: 'send for example 2030-01-31T12:00:00Z',
  },
  'stats-control': {
    holds: 'discovery requests are not counted',
    fix: 'count requests to endpoints alone',
  },
  'request-answered': {
    holds: 'each request gets an answer',
    fix: 'await asynchronous handlers, and answer with an error when one throws',
  },
  'error-headers': {
    holds:
      'an error reply has Nats-Service-Error-Code, a number, and Nats-Service-Error, one line; a success has neither',
    fix: 'send both headers, in exactly this case',
  },
  'stats-requests': {
    holds: 'num_requests counts every request, those without a reply subject included',
    fix: 'count in one place that every request passes, whatever its outcome',
  },
  'stats-errors': {
    holds: 'num_errors and last_error tell of every request that ended in an error',
    fix: 'count every error reply, whether it was thrown or sent',
  },
  'stats-time': {
    holds: 'processing_time holds the whole time of a request, asynchronous work included',
    fix: 'take the time when the handler has ended, not when it has returned a promise',
  },
  'control-while-busy': {
    holds: 'discovery is answered within 300 ms while requests run',
    fix: 'answer discovery beside running handlers; move computations off the thread that reads messages',
  },
  survives: {
    holds: 'the instance answers after all of the above',
    fix: 'catch what handlers throw, and keep line breaks out of error headers: either can end the process or its connection',
  },
} as const satisfies Record<string, { holds: string; fix: string }>;

/** The id of a rule. */
export type RuleId = keyof typeof RULES;
