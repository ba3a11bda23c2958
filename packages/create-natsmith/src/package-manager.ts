/** How a package manager is spoken to. */
interface Manners {
  /** Runs one of the project's scripts. */
  readonly run: string;
  /** Installs further packages. */
  readonly add: string;
  /** Runs a program of an installed package. */
  readonly exec: string;
  /** Makes a project of a starter. */
  readonly create: string;
  /** How an image installs: with what is there at first, and without what only building needs in the end. */
  readonly image: {
    /** Makes the program itself available. */
    readonly prepare?: string;
    /** What the installation reads. */
    readonly manifests: string;
    readonly install: string;
    readonly prune: string;
  };
}

/** Programs that install packages. */
export const PACKAGE_MANAGERS = {
  npm: {
    run: 'npm run',
    add: 'npm install',
    exec: 'npx',
    create: 'npm init',
    image: { manifests: 'package*.json', install: 'npm ci', prune: 'npm prune --omit=dev' },
  },
  pnpm: {
    run: 'pnpm run',
    add: 'pnpm add',
    exec: 'pnpm exec',
    create: 'pnpm create',
    image: {
      prepare: 'corepack enable pnpm',
      manifests: 'package.json pnpm-*.yaml',
      install: 'pnpm install --frozen-lockfile',
      prune: 'pnpm prune --prod',
    },
  },
  yarn: {
    run: 'yarn run',
    add: 'yarn add',
    exec: 'yarn',
    create: 'yarn create',
    image: {
      manifests: 'package.json yarn.lock',
      install: 'yarn install --frozen-lockfile',
      prune: 'yarn install --frozen-lockfile --production',
    },
  },
} satisfies Record<string, Manners>;

/** The name of a package manager. */
export type PackageManager = keyof typeof PACKAGE_MANAGERS;

/** The package managers that a project can be made for. */
export const PACKAGE_MANAGER_NAMES = Object.keys(PACKAGE_MANAGERS) as PackageManager[];

/** The one that runs this program, as in `pnpm create natsmith`; npm when there is none. */
export function callingPackageManager(): PackageManager {
  const name = process.env.npm_config_user_agent?.split('/')[0];
  return PACKAGE_MANAGER_NAMES.find((each) => each === name) ?? 'npm';
}
