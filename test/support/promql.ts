import { parser } from '@prometheus-io/lezer-promql';

/** What an expression asks of Prometheus. */
export interface Asked {
  readonly metric: string;
  /** The labels that it is filtered by, with what they have to be or must not be. */
  readonly matchers: readonly { readonly label: string; readonly value: string }[];
}

export interface Expression {
  readonly asked: readonly Asked[];
  /** The labels that it is grouped by. */
  readonly grouping: readonly string[];
  /** Whether it can be read at all. */
  readonly isValid: boolean;
}

/** Reads an expression by Prometheus' own grammar. */
export function readExpression(text: string): Expression {
  const asked: { metric: string; matchers: { label: string; value: string }[] }[] = [];
  const grouping: string[] = [];
  let isValid = text.trim() !== '';
  parser.parse(text).iterate({
    enter({ type, from, to, node }) {
      const own = text.slice(from, to);
      if (type.isError) isValid = false;
      else if (type.name === 'VectorSelector') asked.push({ metric: '', matchers: [] });
      else if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') asked.at(-1)!.metric = own;
      else if (type.name === 'UnquotedLabelMatcher') {
        const [, label, value] = /^(\w+)\s*(?:=~|!~|!=|=)\s*"(.*)"$/.exec(own)!;
        asked.at(-1)!.matchers.push({ label: label!, value: value! });
      } else if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') grouping.push(own);
    },
  });
  return { asked, grouping, isValid };
}
