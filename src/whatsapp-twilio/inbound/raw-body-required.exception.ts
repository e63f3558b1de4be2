import { InternalServerErrorException } from '@nestjs/common';

/** A JSON webhook cannot be verified without its bytes, and the app does not keep them. */
export class RawBodyRequiredException extends InternalServerErrorException {
  constructor() {
    super('A JSON webhook can only be verified from its raw bytes: create the app with { rawBody: true }.');
  }
}
