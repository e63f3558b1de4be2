import type { LoggerService } from '@nestjs/common';

/** A logger that keeps what it is told, as `level text`. */
export class MemoryLogger implements LoggerService {
  readonly lines: string[] = [];

  log = (...parts: unknown[]) => this.#add('log', parts);
  error = (...parts: unknown[]) => this.#add('error', parts);
  warn = (...parts: unknown[]) => this.#add('warn', parts);
  fatal = (...parts: unknown[]) => this.#add('fatal', parts);
  debug = (...parts: unknown[]) => this.#add('debug', parts);
  verbose = (...parts: unknown[]) => this.#add('verbose', parts);

  #add(level: string, parts: readonly unknown[]): void {
    this.lines.push([level, ...parts.map(String)].join(' '));
  }
}
