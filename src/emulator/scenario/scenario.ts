import type { NewContent } from '../accounts/provision-content';
import type { Fields } from '../control/command';
import type { Faults } from '../faults/faults';
import type { MessageStatus } from '../message';
import type { UserOptions } from '../phone/users';

/** A conversation to play against an application, and what shall come of it. */
export interface Scenario {
  readonly name: string;
  readonly seed: number | undefined;
  /** By the name that the steps use. */
  readonly phones: Readonly<Record<string, ScenarioPhone>>;
  readonly templates: readonly NewContent[];
  readonly steps: readonly Step[];
}

export interface ScenarioPhone extends UserOptions {
  readonly number: string;
}

/** A text that has to be equal, or an expression that has to fit. */
export type TextMatcher = string | RegExp;

export type Action =
  | { readonly kind: 'sends'; readonly phone: string; readonly message: Fields }
  | { readonly kind: 'receives'; readonly phone: string; readonly text: TextMatcher; readonly withinMs: number }
  | { readonly kind: 'taps'; readonly phone: string; readonly title: string }
  | { readonly kind: 'picks'; readonly phone: string; readonly title: string }
  | { readonly kind: 'replies'; readonly phone: string; readonly text: string }
  | { readonly kind: 'reacts'; readonly phone: string; readonly emoji: string }
  | { readonly kind: 'reads'; readonly phone: string }
  | { readonly kind: 'online' | 'blocks' | 'optsOut'; readonly phone: string; readonly on: boolean }
  | { readonly kind: 'status'; readonly phone: string; readonly status: MessageStatus; readonly withinMs: number }
  | { readonly kind: 'error'; readonly phone: string; readonly code: number; readonly withinMs: number }
  | { readonly kind: 'advance'; readonly by: string | number }
  | { readonly kind: 'faults'; readonly faults: Faults }
  | { readonly kind: 'settle' }
  | { readonly kind: 'alerts'; readonly codes: readonly number[] };

export interface Step {
  readonly action: Action;
  /** In words, for the report. */
  readonly title: string;
}
