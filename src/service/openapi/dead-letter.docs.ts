import { notModified } from './message.docs';
import { describeOperation, etagHeader } from './operation';
import { cursor, ifNoneMatch, limit, path } from './parameters';

const tag = 'Dead letters';

export const ListDeadLettersDocs = () =>
  describeOperation(
    {
      id: 'listDeadLetters',
      tag,
      summary: 'Lists what could not be handled or forwarded',
      description: 'Of all connections: a key for one of them may not.',
      status: 200,
      answer: 'A page.',
      schema: 'DeadLetterPage',
      headers: etagHeader,
    },
    cursor,
    limit,
    ifNoneMatch,
    notModified,
  );

export const ReplayDocs = () =>
  describeOperation(
    {
      id: 'replayDeadLetter',
      tag,
      summary: 'Hands it to those who failed again',
      status: 204,
      answer: 'It is in the queue again.',
      problems: {
        404: 'There is none with this id, or it was replayed already.',
        409: 'What it said was erased.',
      },
    },
    path('id', 'The id of the dead letter.'),
  );
