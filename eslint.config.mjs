import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['.cache/', '**/dist/', '**/node_modules/', '**/templates/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: [] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // They run in browsers, too. What is left out has a file for browsers in its place: see "browser" in package.json.
    files: ['packages/{client,protocol}/src/**/*.ts'],
    ignores: [
      '**/*.test.ts',
      'packages/protocol/src/platform/node.ts',
      'packages/protocol/src/events/class-libraries.ts',
      'packages/client/src/nats/connect.ts',
    ],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Buffer', 'process', 'require', 'setImmediate', 'clearImmediate', 'global', '__dirname', '__filename'].map(
          (name) => ({ name, message: 'Browsers have none; use what protocol/src/platform has.' }),
        ),
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/test/**/*.ts', 'test/**/*.ts', 'examples/**/*.ts', 'jest.config.ts'],
    languageOptions: {
      parserOptions: { projectService: false, project: ['./tsconfig.test.json', './examples/*/tsconfig.json'] },
    },
    rules: { 'no-console': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'readonly',
        require: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setImmediate: 'readonly',
        performance: 'readonly',
      },
    },
  },
);
