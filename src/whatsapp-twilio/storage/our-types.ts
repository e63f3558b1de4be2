/** PostgreSQL's ids of int8, int2 and int4. */
const NUMBERS = new Set([20, 21, 23]);
const BOOLEAN = 16;

/** How what we read comes: texts, numbers and booleans. Our only bigints are times and sequence numbers, which a number holds. */
export const ourTypes = {
  getTypeParser: (oid: number): ((value: string) => unknown) => {
    if (oid === BOOLEAN) return (value) => value === 't';
    return NUMBERS.has(oid) ? Number : String;
  },
};
