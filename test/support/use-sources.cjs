// Beside register-typescript.cjs: what imports this package by its name gets its sources, and so needs no build.
const Module = require('node:module');
const { join } = require('node:path');

const sources = join(__dirname, '../../src');
const resolve = Module._resolveFilename;

Module._resolveFilename = function (request, ...rest) {
  const [, entry] = /^nestjs-whatsapp-twilio(\/testing|\/emulator)?$/.exec(request) ?? [];
  const isOurs = request === 'nestjs-whatsapp-twilio' || entry !== undefined;
  return resolve.call(this, isOurs ? join(sources, entry ?? '', 'index.ts') : request, ...rest);
};
