/** What the service needs beside the library's own dependencies. All are peers, most of them optional. */
export const servicePackages = [
  '@nestjs/common',
  '@nestjs/config',
  '@nestjs/core',
  '@nestjs/platform-fastify',
  '@nestjs/swagger',
  '@nestjs/terminus',
  '@nestjs/throttler',
  'class-transformer',
  'prom-client',
  'reflect-metadata',
  'rxjs',
  'standardwebhooks',
] as const;

/** Those that are not there. */
export function missingPackages(isThere: (name: string) => boolean = canBeFound): readonly string[] {
  return servicePackages.filter((name) => !isThere(name));
}

function canBeFound(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
