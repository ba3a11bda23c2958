import { DeliveryReader, deliveryOf } from './delivery';

const bytes = (subject: string): Uint8Array => Buffer.from(subject);

describe('the deliveries of one consumer', () => {
  it('are read whatever somebody else has sent as the first one, and when the server begins to send a token', () => {
    const reader = new DeliveryReader('ORDERS', 'mailer');
    const before = '$JS.ACK.hub.A1B2.ORDERS.mailer.1';
    const read = (rest: string) => reader.read(bytes(`${before}.${rest}`))?.sequence;
    expect(read('16.16.1764115200000000000.6.forged')).toBe(16);
    expect(read('17.17.1764115200000000000.5')).toBe(17);
    expect(read('18.18.1764115200000000000.4')).toBe(18);
    expect(read('19.19.1764115200000000000.3.x7Yk2')).toBe(19);
  });
});

describe('the reply subject of a delivery', () => {
  const expected = {
    stream: 'ORDERS',
    consumer: 'mailer-mail',
    attempt: 2,
    sequence: 17,
    delivery: 21,
    time: 1_764_115_200_123,
    pending: 5,
  };

  it('is read with nine tokens', () => {
    expect(deliveryOf(bytes('$JS.ACK.ORDERS.mailer-mail.2.17.21.1764115200123456789.5'))).toMatchObject(expected);
  });

  it.each(['', '.x7Yk2'])('is read with a domain and an account, and %j behind', (last) => {
    expect(deliveryOf(bytes(`$JS.ACK.hub.A1B2.ORDERS.mailer-mail.2.17.21.1764115200123456789.5${last}`))).toMatchObject(
      expected,
    );
  });

  it.each([
    undefined,
    '',
    '_INBOX.x',
    '$JS.API.STREAM.DELETE.ORDERS',
    '$JS.ACK.ORDERS.mailer-mail.2.17.21.1764115200123456789',
    '$JS.ACK.ORDERS.mailer-mail.-2.17.21.1764115200123456789.5',
    '$JS.ACK.ORDERS.mailer-mail.x.17.21.1764115200123456789.5',
    `$JS.ACK.ORDERS.mailer-mail.2.17.21.${'9'.repeat(400)}.5`,
  ])('is not %j', (reply) => {
    expect(deliveryOf(reply === undefined ? undefined : bytes(reply))).toBeUndefined();
  });
});

describe.each([
  ['nine tokens', '$JS.ACK.', '', undefined],
  ['a domain and an account', '$JS.ACK.hub.A1B2.', '', 17],
  ['a domain, an account and a token behind', '$JS.ACK.hub.A1B2.', '.x7Yk2', undefined],
])('the deliveries of one consumer, with %s', (_, before, behind, withOneMore) => {
  const subject = (rest: string): Uint8Array => bytes(`${before}${rest}${behind}`);
  let reader: DeliveryReader;

  beforeEach(() => {
    reader = new DeliveryReader('ORDERS', 'mailer');
    expect(reader.read(subject('ORDERS.mailer.1.16.16.1764115200000000000.6'))).toMatchObject({ sequence: 16 });
  });

  it('are read after the first one, too', () => {
    expect(reader.read(subject('ORDERS.mailer.2.17.21.1764115200123456789.5'))).toMatchObject({
      stream: 'ORDERS',
      consumer: 'mailer',
      attempt: 2,
      sequence: 17,
      delivery: 21,
      time: 1_764_115_200_123,
      pending: 5,
    });
  });

  it.each([
    'ORDERS.other.2.17.21.1764115200123456789.5',
    'OTHER.mailer.2.17.21.1764115200123456789.5',
    'ORDERS.mailer.2.17.21.1764115200123456789',
    'ORDERS.mailer.2.17.21.1764115200123456789.5.6.7',
    'ORDERS.mailer.2.17..1764115200123456789.5',
    'ORDERS.mailer.2.-17.21.1764115200123456789.5',
    `ORDERS.mailer.2.17.21.${'9'.repeat(21)}.5`,
  ])('are not %j', (rest) => {
    expect(reader.read(subject(rest))).toBeUndefined();
  });

  it('are with one token more only where the server may send one', () => {
    const reply = subject('ORDERS.mailer.2.17.21.1764115200123456789.5.6');
    expect(reader.read(reply)?.sequence).toBe(withOneMore);
  });
});
