import { ADMIN, type Conversation, HELLO, TOKEN, USERS } from './conversation';

export const connecting: Conversation[] = [
  {
    name: 'an empty CONNECT leaves it verbose and pedantic',
    says: 'CONNECT {}\r\nPUB x 0\r\n\r\n',
    gets: '+OK\r\n+OK\r\n',
  },
  {
    name: 'verbose acknowledges what is accepted',
    says: 'CONNECT {"verbose":true}\r\nSUB a 1\r\nSUB a..b 2\r\nUNSUB 9\r\n',
    gets: "+OK\r\n+OK\r\n-ERR 'Invalid Subject'\r\n+OK\r\n",
  },
  {
    name: 'wildcards match whole tokens',
    says: `${HELLO}SUB * 1\r\nSUB a.* 2\r\nSUB a.> 3\r\nSUB > 4\r\nSUB *.b 5\r\nUNSUB 4\r\nPUB a 0\r\n\r\nUNSUB 1\r\nUNSUB 3\r\nUNSUB 5\r\nPUB a.* 0\r\n\r\nPUB a.b.c 0\r\n\r\n`,
    gets: 'MSG a 1 0\r\n\r\nMSG a.* 2 0\r\n\r\n',
  },
  {
    name: 'no_responders without headers is refused',
    says: 'CONNECT {"no_responders":true}\r\n',
    gets: "-ERR 'no responders requires headers support'\r\n(closed)",
  },
  {
    name: 'protocol 2 is refused',
    says: 'CONNECT {"protocol":2}\r\n',
    gets: "-ERR 'invalid client protocol'\r\n(closed)",
  },
  {
    name: 'protocol -1 is refused',
    says: 'CONNECT {"protocol":-1}\r\n',
    gets: "-ERR 'invalid client protocol'\r\n(closed)",
  },
  { name: 'CONNECT alone', says: `${HELLO}CONNECT\r\n`, gets: '(closed)' },
  { name: 'CONNECT with x', says: `${HELLO}CONNECT x\r\n`, gets: '(closed)' },
  { name: 'CONNECT with []', says: `${HELLO}CONNECT []\r\n`, gets: '(closed)' },
  { name: 'CONNECT with null', says: `${HELLO}CONNECT null\r\n`, gets: '' },
  { name: 'CONNECT with 1', says: `${HELLO}CONNECT 1\r\n`, gets: '(closed)' },
  { name: `CONNECT with {"verbose":1}`, says: `${HELLO}CONNECT {"verbose":1}\r\n`, gets: '(closed)' },
  {
    name: `CONNECT with {"verbose":null,"user":null}`,
    says: `${HELLO}CONNECT {"verbose":null,"user":null}\r\n`,
    gets: '',
  },
  { name: `CONNECT with {"protocol":"1"}`, says: `${HELLO}CONNECT {"protocol":"1"}\r\n`, gets: '(closed)' },
  { name: `CONNECT with {"protocol":1.5}`, says: `${HELLO}CONNECT {"protocol":1.5}\r\n`, gets: '(closed)' },
  { name: `CONNECT with {"verbose":false}{}`, says: `${HELLO}CONNECT {"verbose":false}{}\r\n`, gets: '(closed)' },
  {
    name: 'a second CONNECT drops the subscriptions',
    since: '2.12.0',
    says: `${HELLO}SUB x 1\r\nCONNECT {"echo":true}\r\nPUB x 0\r\n\r\n`,
    gets: '',
  },
  {
    name: 'nothing but CONNECT is taken before authentication',
    says: 'PING\r\n',
    gets: "-ERR 'Authorization Violation'\r\n(closed)",
    server: USERS,
  },
  {
    name: 'a wrong password',
    says: 'CONNECT {"user":"admin","pass":"x"}\r\n',
    gets: "-ERR 'Authorization Violation'\r\n(closed)",
    server: USERS,
  },
  { name: 'no credentials', says: 'CONNECT {}\r\n', gets: "-ERR 'Authorization Violation'\r\n(closed)", server: USERS },
  {
    name: 'random bytes before authentication',
    says: '__proto',
    gets: "-ERR 'Authorization Violation'\r\n(closed)",
    server: USERS,
  },
  {
    name: 'the right password',
    says: 'connect {"verbose":false,"user":"admin","pass":"secret"}\r\n',
    gets: '',
    server: USERS,
  },
  {
    name: 'a second CONNECT with wrong credentials',
    says: `${ADMIN}CONNECT {"user":"x"}\r\n`,
    gets: "-ERR 'Authorization Violation'\r\n(closed)",
    server: USERS,
  },
  {
    name: 'a second CONNECT as somebody else',
    says: `${ADMIN}SUB z 1\r\nPUB z 0\r\n\r\nCONNECT {"user":"guest","pass":"guest"}\r\nSUB z 1\r\n`,
    gets: `MSG z 1 0\r\n\r\n-ERR 'Permissions Violation for Subscription to "z"'\r\n`,
    server: USERS,
  },
  { name: 'the right token', says: 'CONNECT {"auth_token":"t0k","verbose":false}\r\n', gets: '', server: TOKEN },
  {
    name: 'a wrong token',
    says: 'CONNECT {"auth_token":"x","verbose":false}\r\n',
    gets: "-ERR 'Authorization Violation'\r\n(closed)",
    server: TOKEN,
  },
  {
    name: 'a token given as user',
    says: 'CONNECT {"user":"t0k","verbose":false}\r\n',
    gets: "-ERR 'Authorization Violation'\r\n(closed)",
    server: TOKEN,
  },
  {
    name: 'too many clients',
    says: [
      ['a', HELLO],
      ['b', HELLO],
      ['c', ''],
    ],
    gets: { a: '', b: '', c: "-ERR 'maximum connections exceeded'\r\n(closed)" },
    server: { maxConnections: 2 },
  },
];
