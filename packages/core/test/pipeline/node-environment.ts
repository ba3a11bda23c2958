import { TestEnvironment } from 'jest-environment-node';

/** Lets a test load a module as Node itself does: jest on Node 20 cannot load packages that ship ES modules only. */
export default class extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    this.global.requireByNode = require;
  }
}
