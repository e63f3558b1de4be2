import { Gathered } from '../../src/common/gathered';

describe('What is looked up in one turn', () => {
  const asked: (readonly number[])[] = [];
  const squares = new Gathered<number, number>(async (keys) => {
    asked.push(keys);
    if (keys.includes(0)) throw new Error('no zero');
    return new Map(keys.filter((key) => key > 0).map((key) => [key, key * key]));
  });
  beforeEach(() => asked.splice(0));

  it('is looked up together, each key once', async () => {
    expect(await Promise.all([squares.get(2), squares.get(3), squares.get(2)])).toEqual([4, 9, 4]);
    expect(asked).toEqual([[2, 3]]);
  });

  it('is looked up again in another turn', async () => {
    await squares.get(2);
    await squares.get(2);
    expect(asked).toEqual([[2], [2]]);
  });

  it('is nothing where there is none', async () => {
    expect(await squares.get(-1)).toBeUndefined();
  });

  it('fails for all who asked, and not for those who ask later', async () => {
    const outcomes = await Promise.allSettled([squares.get(0), squares.get(2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await squares.get(2)).toBe(4);
  });
});
