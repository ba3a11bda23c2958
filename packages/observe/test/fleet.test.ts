import { observeFleet } from '../src/index';
import { page } from './pages';

describe('observeFleet()', () => {
  it('warns of why /metrics fails, and does not tell whoever asks', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const failing = await observeFleet(
      () => Promise.reject(new Error('secret')),
      () => true,
      { port: 0 },
    );
    try {
      expect(await page(`${failing.url}/metrics`)).toMatchObject({
        status: 500,
        body: '/metrics failed; the log of this process says why\n',
      });
      expect(warnings.mock.calls).toEqual([['/metrics failed: secret', 'NatsmithWarning']]);
    } finally {
      warnings.mockRestore();
      await failing.close();
    }
  });
});
