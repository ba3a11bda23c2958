import { type Conversation, HELLO } from './conversation';

export const publishing: Conversation[] = [
  { name: 'PING is answered before CONNECT', says: 'PING\r\n', gets: '' },
  {
    name: 'verbs are taken in lower case',
    says: 'connect {"verbose":false}\r\nsub x 1\r\npub x 0\r\n\r\nping\r\npong\r\n',
    gets: 'MSG x 1 0\r\n\r\n',
  },
  {
    name: 'lines may end without CR, payloads may not',
    says: 'CONNECT {"verbose":false}\nSUB x 1\nPUB x 2\nhi\r\nPING\n',
    gets: 'MSG x 1 2\r\nhi\r\n',
  },
  {
    name: 'tabs and repeated blanks separate arguments',
    says: 'CONNECT	{"verbose":false}\r\nSUB 	 x	 q  1 \r\nPUB	x	2\r\nhi\r\n',
    gets: 'MSG x 1 2\r\nhi\r\n',
  },
  {
    name: 'a pedantic client publishes to a.*',
    says: 'CONNECT {"pedantic":true,"verbose":false}\r\nSUB > 1\r\nPUB a.* 0\r\n\r\n',
    gets: "-ERR 'Invalid Publish Subject'\r\nMSG a.* 1 0\r\n\r\n",
  },
  {
    name: 'a pedantic client publishes to a.>',
    says: 'CONNECT {"pedantic":true,"verbose":false}\r\nSUB > 1\r\nPUB a.> 0\r\n\r\n',
    gets: "-ERR 'Invalid Publish Subject'\r\nMSG a.> 1 0\r\n\r\n",
  },
  {
    name: 'a pedantic client publishes to a..b',
    says: 'CONNECT {"pedantic":true,"verbose":false}\r\nSUB > 1\r\nPUB a..b 0\r\n\r\n',
    gets: "-ERR 'Invalid Publish Subject'\r\n",
  },
  {
    name: 'a pedantic client publishes to *',
    says: 'CONNECT {"pedantic":true,"verbose":false}\r\nSUB > 1\r\nPUB * 0\r\n\r\n',
    gets: "-ERR 'Invalid Publish Subject'\r\nMSG * 1 0\r\n\r\n",
  },
  {
    name: 'a request without responders is answered 503',
    since: '2.12.0',
    says: `${HELLO}SUB in.* 1\r\nPUB no in.x 0\r\n\r\n`,
    gets: 'HMSG in.x 1 34 34\r\nNATS/1.0 503\r\nNats-Subject: no\r\n\r\n\r\n',
  },
  { name: 'no 503 without a subscription for the reply', says: `${HELLO}PUB no in.x 0\r\n\r\n`, gets: '' },
  {
    name: 'no 503 for a client that did not ask for it',
    says: 'CONNECT {"headers":true,"verbose":false}\r\nSUB in.* 1\r\nPUB no in.x 0\r\n\r\n',
    gets: '',
  },
  { name: 'no 503 to a queue subscription', says: `${HELLO}SUB in.* q 1\r\nPUB no in.x 0\r\n\r\n`, gets: '' },
  {
    name: 'a request with headers is answered 503 as well',
    since: '2.12.0',
    says: `${HELLO}SUB in 1\r\nHPUB no in 12 12\r\nNATS/1.0\r\n\r\n\r\n`,
    gets: 'HMSG in 1 34 34\r\nNATS/1.0 503\r\nNats-Subject: no\r\n\r\n\r\n',
  },
  {
    name: 'without echo a client does not hear itself, and is told 503',
    since: '2.12.0',
    says: 'CONNECT {"echo":false,"verbose":false,"headers":true,"no_responders":true}\r\nSUB x 1\r\nSUB in 2\r\nPUB x in 0\r\n\r\n',
    gets: 'HMSG in 2 33 33\r\nNATS/1.0 503\r\nNats-Subject: x\r\n\r\n\r\n',
  },
  {
    name: 'headers are delivered',
    says: `${HELLO}SUB x 1\r\nHPUB x 22 24\r\nNATS/1.0\r\nA: b\r\n\r\n..hi\r\nHPUB x r 12 12\r\nNATS/1.0\r\n\r\n\r\n`,
    gets: "-ERR 'Unknown Protocol Operation'\r\n(closed)",
  },
  {
    name: 'headers are stripped for a client without headers',
    says: [
      ['b', 'CONNECT {"verbose":false}\r\nSUB x 1\r\n'],
      ['a', `${HELLO}HPUB x rep 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nhi\r\n`],
    ],
    gets: { b: 'MSG x 1 rep 2\r\nhi\r\n', a: '' },
  },
  {
    name: 'HPUB with no header bytes is a plain message',
    says: `${HELLO}SUB x 1\r\nHPUB x 0 2\r\nhi\r\n`,
    gets: 'MSG x 1 2\r\nhi\r\n',
  },
  {
    name: 'HPUB without declared headers ends the connection',
    says: 'CONNECT {"verbose":false}\r\nHPUB x 12 12\r\nNATS/1.0\r\n\r\n\r\n',
    gets: '(closed)',
  },
  {
    name: 'blanks before arguments do not count',
    says: `${HELLO}SUB${' '.repeat(5000)}x 1\r\nPUB x 0\r\n\r\n`,
    gets: 'MSG x 1 0\r\n\r\n',
  },
  {
    name: 'subjects keep bytes that are not UTF-8',
    says: `${HELLO}SUB caf\xe9\xff 1\r\nPUB caf\xe9\xff 1\r\n\xff\r\n`,
    gets: 'MSG caf\xe9\xff 1 1\r\n\xff\r\n',
  },
  {
    name: 'subjects that begin with a dollar sign are ordinary',
    says: `${HELLO}SUB $SYS.x 1\r\nPUB $SYS.x 0\r\n\r\n`,
    gets: 'MSG $SYS.x 1 0\r\n\r\n',
  },
];
