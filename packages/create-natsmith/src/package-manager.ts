/** How a package manager is spoken to. */
interface Manners {
  /** Runs one of the project's scripts. */
  readonly run: string;
  /** Runs a program of an installed package. */
  readonly exec: string;
}

/** Programs that install packages. */
export const PACKAGE_MANAGERS = {
  npm: { run: 'npm run', exec: 'npx' },
  pnpm: { run: 'pnpm run', exec: 'pnpm exec' },
  yarn: { run: 'yarn run', exec: 'yarn' },
} as const satisfies Record<string, Manners>;

/** The name of a package manager. */
export type PackageManager = keyof typeof PACKAGE_MANAGERS;

export const PACKAGE_MANAGER_NAMES = Object.keys(PACKAGE_MANAGERS) as PackageManager[];

/** The one that runs this program, as in `pnpm create natsmith`; npm when there is none. */
export function callingPackageManager(): PackageManager {
  const name = process.env.npm_config_user_agent?.split('/')[0];
  return PACKAGE_MANAGER_NAMES.find((each) => each === name) ?? 'npm';
}
