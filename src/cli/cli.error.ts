/** Something the caller of a command has to change. Printed without a stack. */
export class CliError extends Error {
  readonly code = 'CLI';
}
