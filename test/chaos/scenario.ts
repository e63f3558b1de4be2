import type { SharedParts } from './shared-parts';
import type { Engine } from './world';

/** What a scenario found. */
export interface Finding {
  /** What happened, in one line of figures. */
  readonly summary: string;
  /** What must not be: nothing, if the promises were kept. */
  readonly problems: readonly string[];
}

/** What every scenario is given; each adds what it is about. */
export interface ScenarioOptions {
  readonly engine: Engine;
  readonly signal?: AbortSignal;
  readonly shared?: SharedParts;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
