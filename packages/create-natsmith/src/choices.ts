import type { ClientLibrary } from './client-library';
import type { PackageManager } from './package-manager';
import type { TemplateName } from './templates';

/** What decides how a project is made. */
export interface Choices {
  /** Where the project is written; its last part is the project's name. */
  readonly folder: string;
  readonly template: TemplateName;
  readonly packageManager: PackageManager;
  /** What natsmith connects with. */
  readonly clientLibrary: ClientLibrary;
  /** Whether its packages are installed at once. */
  readonly install: boolean;
  /** Whether it becomes a git repository. */
  readonly git: boolean;
  /** A built checkout of natsmith whose packages it uses, instead of those of the registry. */
  readonly from?: string;
}
