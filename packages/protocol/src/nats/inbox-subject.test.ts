import { isInbox } from './inbox-subject';

describe('isInbox', () => {
  test.each(['_INBOX.a', '_INBOX.a.b', '_R_.x.y', 'shop.inbox.a', 'mine.a'])('takes %j', (subject) => {
    expect(isInbox(subject, ['shop.inbox', 'mine.'])).toBe(true);
  });

  test.each([
    '',
    'a',
    '_INBOX',
    '_INBOX.',
    '_INBOXES.a',
    '_INBOX.*',
    '_INBOX.a.>',
    '_INBOX.a b',
    '_INBOX.a\r\nPUB x 0\r\n\r\n',
    '_INBOX..a',
    `_INBOX.${'a'.repeat(1100)}`,
    '_inbox.a',
    'x._INBOX.a',
    '$JS.API.STREAM.PURGE.X',
    'shop.inboxes.a',
    'shop',
  ])('refuses %j', (subject) => {
    expect(isInbox(subject, ['shop.inbox'])).toBe(false);
  });
});
