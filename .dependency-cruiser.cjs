// Which part may import which. `npm run check:deps` reports every import that a rule below forbids.

const TEST = '\\.test\\.ts$|^packages/[^/]+/test/|^examples/[^/]+/test/';

// Who may use which of our packages; what is left out may use none.
const packages = {
  protocol: [],
  broker: ['protocol'],
  core: ['protocol'],
  client: ['protocol'],
  jetstream: ['protocol', 'core'],
  observe: ['protocol', 'core'],
  nestjs: ['protocol', 'core', 'client'],
  opentelemetry: ['protocol'],
  testing: ['protocol', 'broker', 'core', 'client', 'jetstream'],
  cli: ['protocol', 'broker', 'core', 'client', 'jetstream', 'observe', 'testing'],
  'create-natsmith': [],
};

// The rooms of core, from the ground up: each may use those before it.
const rooms = ['define', 'payload', 'plan', 'pipeline', 'reply', 'nats', 'sources', 'service', 'host'];

const room = (name) => `^packages/core/src/${name}/`;
// Its sources, and what `@natsmith/name` leads to.
const ofPackage = (name) => `^(packages|node_modules/@natsmith)/${name}/`;
const source = { pathNot: TEST };

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(packages).map(([name, allowed]) => ({
      name: `${name}-uses-${allowed.join('-') || 'nothing-of-ours'}`,
      comment: `@natsmith/${name} may use of our packages: ${allowed.join(', ') || 'none'}.`,
      severity: 'error',
      from: { path: `^packages/${name}/`, ...source },
      to: { path: ofPackage('[^/]+'), pathNot: [name, ...allowed].map(ofPackage) },
    })),
    ...rooms.map((name, i) => ({
      name: `core-${name}-looks-down`,
      comment: `core: ${rooms.join(' <- ')} <- index; a room uses those before it, never those after.`,
      severity: 'error',
      from: { path: room(name), ...source },
      to: { path: '^packages/core/src/', pathNot: rooms.slice(0, i + 1).map(room) },
    })),
    {
      name: 'core-nats-is-for-sources-service-and-host',
      comment: 'The NATS client library is known to sources, service and host alone.',
      severity: 'error',
      from: {
        path: '^packages/core/src/',
        pathNot: [TEST, ...['nats', 'sources', 'service', 'host'].map(room), '/index\\.ts$'],
      },
      to: { path: room('nats') },
    },
    {
      name: 'core-index-is-for-users',
      comment: 'index.ts lists the public names; inside the package, import the file that holds the name.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/', ...source },
      to: { path: '^packages/$1/src/index\\.ts$' },
    },
    {
      name: 'reflect-is-for-define',
      comment: 'core/src/define is the only room that touches decorator metadata.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [TEST, room('define')] },
      to: { path: '(^|/)reflect-metadata(/|$)' },
    },
    {
      name: 'node-is-for-the-platform',
      comment:
        'protocol and client run in browsers, too: what they need of Node.js has its place in protocol/src/platform, and ' +
        'one for browsers beside it. Types alone are free.',
      severity: 'error',
      from: {
        path: '^packages/(protocol|client)/src/',
        pathNot: [TEST, '^packages/protocol/src/platform/node\\.ts$'],
      },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'validator-is-for-payload',
      comment:
        'core/src/payload is the only room that knows class-validator and class-transformer; ' +
        'protocol loads them for an event whose type is a class.',
      severity: 'error',
      from: {
        path: '^packages/',
        pathNot: [TEST, room('payload'), '^packages/protocol/src/events/class-libraries\\.ts$'],
      },
      to: { path: 'node_modules/class-(validator|transformer)/' },
    },
    {
      name: 'no-cycles',
      comment: 'Files that import each other cannot be read, tested or loaded alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: "A package that sources use must be in their own package.json's dependencies.",
      severity: 'error',
      from: { path: '^(packages|examples)/[^/]+/src/', ...source },
      // An optional peer is told as 'npm-no-pkg', too: for what peerDependenciesMeta says of it.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'no-tests-in-sources',
      comment: 'Sources ship without the tests and what belongs to them.',
      severity: 'error',
      from: { path: '^(packages|examples)/', ...source },
      to: { path: [TEST, '^test/'] },
    },
  ],
  options: {
    // Templates are projects of their own: they become somebody's files.
    exclude: { path: '^((packages|examples)/[^/]+/dist|packages/create-natsmith/templates)/' },
    doNotFollow: { path: 'node_modules' },
    preserveSymlinks: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'types', 'default'] },
  },
};
