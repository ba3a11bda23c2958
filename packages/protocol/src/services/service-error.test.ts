import { ServiceError } from './service-error';

test('carries code, description, data, headers and cause', () => {
  const cause = new Error('disk');
  const error = new ServiceError(409, 'taken', { data: { id: 1 }, headers: { 'X-A': 'b' }, cause });
  expect(error).toMatchObject({ code: 409, description: 'taken', data: { id: 1 }, headers: { 'X-A': 'b' } });
  expect(error.cause).toBe(cause);
  expect(error.message).toBe('409: taken');
  expect(error).toBeInstanceOf(Error);
});

test('is known by another copy of the package', () => {
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const copy = require('./service-error') as { ServiceError: typeof ServiceError };
    expect(copy.ServiceError).not.toBe(ServiceError);
    expect(new copy.ServiceError(400, 'no')).toBeInstanceOf(ServiceError);
  });
});

test('a subclass is distinguished from its parent', () => {
  class NotFound extends ServiceError {}
  expect(new NotFound(404, 'no')).toBeInstanceOf(ServiceError);
  expect(new NotFound(404, 'no')).toBeInstanceOf(NotFound);
  expect(new ServiceError(404, 'no')).not.toBeInstanceOf(NotFound);
  for (const other of [null, undefined, 'x', new Error('x'), {}]) expect(other).not.toBeInstanceOf(ServiceError);
});
