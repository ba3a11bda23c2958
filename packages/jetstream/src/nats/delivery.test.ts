import { deliveryOf } from './delivery';

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
    expect(deliveryOf('$JS.ACK.ORDERS.mailer-mail.2.17.21.1764115200123456789.5')).toEqual(expected);
  });

  it.each(['', '.x7Yk2'])('is read with a domain and an account, and %j behind', (last) => {
    expect(deliveryOf(`$JS.ACK.hub.A1B2.ORDERS.mailer-mail.2.17.21.1764115200123456789.5${last}`)).toEqual(expected);
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
    expect(deliveryOf(reply)).toBeUndefined();
  });
});
