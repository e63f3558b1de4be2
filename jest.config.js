// Nest 12 is published as ES modules only; Jest on Node 20 runs it in CommonJS mode when swc
// transforms our TypeScript and the few ESM packages below node_modules.
const esmPackages = ['@nestjs', 'cookie', 'uuid'];

const swc = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'commonjs' },
};

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  rootDir: __dirname,
  testMatch: ['<rootDir>/{test,examples}/**/*.spec.ts'],
  moduleNameMapper: {
    '^nestjs-whatsapp-twilio$': '<rootDir>/src/index.ts',
    '^nestjs-whatsapp-twilio/(testing|emulator)$': '<rootDir>/src/$1/index.ts',
  },
  transform: {
    '^.+\\.ts$': ['@swc/jest', swc],
    'node_modules/.+\\.m?js$': ['@swc/jest', { ...swc, jsc: { ...swc.jsc, parser: { syntax: 'ecmascript' } } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!.*/node_modules/)(?!(${esmPackages.join('|')})/)`],
  // A test that waits tells by itself what it waited for, before this.
  testTimeout: 60_000,
};
