import { type Conversation, HELLO } from './conversation';

export const subscribing: Conversation[] = [
  {
    name: 'before CONNECT a client is verbose and pedantic',
    says: 'SUB x 1\r\nPUB x 2\r\nhi\r\nPUB x..y 0\r\n\r\nUNSUB 1\r\n',
    gets: "+OK\r\n+OK\r\nMSG x 1 2\r\nhi\r\n-ERR 'Invalid Publish Subject'\r\n+OK\r\n+OK\r\n",
  },
  {
    name: 'a sid in use keeps its first subscription',
    says: `${HELLO}SUB x 1\r\nSUB y 1\r\nPUB x 0\r\n\r\nPUB y 0\r\n\r\n`,
    gets: 'MSG x 1 0\r\n\r\n',
  },
  { name: 'the subject a..b', says: `${HELLO}SUB a..b 1\r\nPUB a..b 0\r\n\r\n`, gets: "-ERR 'Invalid Subject'\r\n" },
  { name: 'the subject .a', says: `${HELLO}SUB .a 1\r\nPUB .a 0\r\n\r\n`, gets: "-ERR 'Invalid Subject'\r\n" },
  { name: 'the subject a.', says: `${HELLO}SUB a. 1\r\nPUB a. 0\r\n\r\n`, gets: "-ERR 'Invalid Subject'\r\n" },
  { name: 'the subject a.>.b', says: `${HELLO}SUB a.>.b 1\r\nPUB a.>.b 0\r\n\r\n`, gets: "-ERR 'Invalid Subject'\r\n" },
  { name: 'the subject *a', says: `${HELLO}SUB *a 1\r\nPUB *a 0\r\n\r\n`, gets: 'MSG *a 1 0\r\n\r\n' },
  { name: 'the subject a*', says: `${HELLO}SUB a* 1\r\nPUB a* 0\r\n\r\n`, gets: 'MSG a* 1 0\r\n\r\n' },
  { name: 'the subject a.b>', says: `${HELLO}SUB a.b> 1\r\nPUB a.b> 0\r\n\r\n`, gets: 'MSG a.b> 1 0\r\n\r\n' },
  {
    name: 'UNSUB with a maximum ends after that many messages',
    says: `${HELLO}SUB x 1\r\nUNSUB 1 2\r\nPUB x 1\r\n1\r\nPUB x 1\r\n2\r\nPUB x 1\r\n3\r\n`,
    gets: 'MSG x 1 1\r\n1\r\nMSG x 1 1\r\n2\r\n',
  },
  {
    name: 'a maximum counts what was delivered before it',
    says: `${HELLO}SUB x 1\r\nPUB x 1\r\n1\r\nPUB x 1\r\n2\r\nUNSUB 1 3\r\nPUB x 1\r\n3\r\nPUB x 1\r\n4\r\n`,
    gets: 'MSG x 1 1\r\n1\r\nMSG x 1 1\r\n2\r\nMSG x 1 1\r\n3\r\n',
  },
  {
    name: 'a maximum that is already reached ends at once',
    says: `${HELLO}SUB x 1\r\nPUB x 1\r\n1\r\nPUB x 1\r\n2\r\nUNSUB 1 2\r\nPUB x 1\r\n3\r\n`,
    gets: 'MSG x 1 1\r\n1\r\nMSG x 1 1\r\n2\r\n',
  },
  { name: 'a maximum of 0 ends at once', says: `${HELLO}SUB x 1\r\nUNSUB 1 0\r\nPUB x 1\r\n3\r\n`, gets: '' },
  {
    name: 'a maximum that is not a number ends at once',
    says: `${HELLO}SUB x 1\r\nUNSUB 1 -1\r\nPUB x 1\r\n3\r\n`,
    gets: '',
  },
  {
    name: 'a maximum can be raised',
    says: `${HELLO}SUB x 1\r\nUNSUB 1 1\r\nUNSUB 1 2\r\nPUB x 0\r\n\r\nPUB x 0\r\n\r\nPUB x 0\r\n\r\n`,
    gets: 'MSG x 1 0\r\n\r\nMSG x 1 0\r\n\r\n',
  },
  {
    name: 'a 503 does not count against a maximum',
    since: '2.12.0',
    says: `${HELLO}SUB in 1\r\nUNSUB 1 1\r\nPUB no in 0\r\n\r\nPUB no in 0\r\n\r\n`,
    gets: 'HMSG in 1 34 34\r\nNATS/1.0 503\r\nNats-Subject: no\r\n\r\n\r\nHMSG in 1 34 34\r\nNATS/1.0 503\r\nNats-Subject: no\r\n\r\n\r\n',
  },
];
